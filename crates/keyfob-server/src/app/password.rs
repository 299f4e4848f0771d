//! Passwords: argon2id (RFC 9106) for what is made here, argon2id and bcrypt for what is imported.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use keyfob_core::time::{Entropy, Purpose};
use tokio::sync::Semaphore;
use tokio::task;
use zeroize::Zeroizing;

use crate::app::Outage;
use crate::throttle::Source;

/// Fewest characters of a password that an operator sets or imports.
pub const PASSWORD_MIN: usize = 8;
/// Fewest characters of a password that somebody chooses on a page.
pub const CHOSEN_MIN: usize = 12;
/// Most bytes of a password: hashing a longer one would cost more than it adds.
pub const PASSWORD_MAX: usize = 1_024;
/// Most memory of an argon2id hash that is imported, in KiB: 1 GiB. Without bounds one line of a file
/// could ask for more than the machine has at the next attempt to sign in.
const ARGON2_MEMORY_MAX: u32 = 1 << 20;
/// Most passes, and most lanes, of an argon2id hash that is imported.
const ARGON2_PASSES_MAX: u32 = 16;
/// Lowest cost of a bcrypt hash that there is.
const BCRYPT_COST_MIN: u32 = 4;
/// Highest cost of a bcrypt hash that is imported: some seconds. Each number more doubles the time.
const BCRYPT_COST_MAX: u32 = 16;
/// How many hashes are computed at once: each takes 19 MiB and some 20 ms of a core.
const AT_ONCE: usize = 4;
/// How many passwords can wait or be checked: the last of them waits for about a second.
pub const PLACES: usize = 64;
/// How many of these places one source can have, so that one that fills them leaves room for others.
pub const PLACES_OF_ONE: usize = 8;

/// Why a password cannot be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPassword {
    /// Fewer characters than there must be.
    #[error("a password has at least {min} characters")]
    TooShort {
        /// How many there must be.
        min: usize,
    },
    /// More than [`PASSWORD_MAX`] bytes.
    #[error("a password has at most {PASSWORD_MAX} bytes")]
    TooLong,
}

/// Why a text is no password hash that can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a password hash is a PHC string of argon2id (at most 1 GiB, 16 passes and 16 lanes), or a bcrypt \
     hash (at most cost {BCRYPT_COST_MAX})"
)]
pub struct BadPasswordHash;

/// Why a password is not checked now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Crowded {
    /// By those that came from the same source.
    #[error("too many passwords from one address wait to be checked")]
    ByOne,
    /// By those of many sources.
    #[error("too many passwords wait to be checked")]
    ByMany,
}

/// Checks passwords, a bounded number at once and off the request's thread. A bounded number more waits,
/// so that neither memory nor waiting time grows with what is sent.
#[derive(Debug)]
pub struct Passwords {
    at_once: Arc<Semaphore>,
    waiting: Mutex<Waiting>,
    /// Checked when there is no account, so that the answer takes as long.
    dummy: String,
}

/// Who waits, or has a password checked.
#[derive(Debug, Default)]
struct Waiting {
    all: usize,
    /// At most [`PLACES`] sources, none of them with nothing.
    by_source: HashMap<Source, usize>,
}

/// The right to have one password checked; whoever goes away gives it back.
#[derive(Debug)]
pub struct Place<'p> {
    passwords: &'p Passwords,
    source: Source,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut waiting = self.passwords.waiting();
        waiting.all = waiting.all.saturating_sub(1);
        let left = waiting.by_source.get(&self.source).copied();
        match left.and_then(|places| places.checked_sub(1)) {
            Some(left @ 1..) => waiting.by_source.insert(self.source, left),
            Some(0) | None => waiting.by_source.remove(&self.source),
        };
    }
}

impl Passwords {
    /// Ready to check.
    pub fn new() -> Self {
        // A hash of nothing anybody can enter: the salt is fixed and its password is forgotten.
        let dummy = "$argon2id$v=19$m=19456,t=2,p=1$a2V5Zm9iLWR1bW15LXNhbHQ$\
                     3oRFzVlPHbGzSzOBSTUJVvVMmTHTCaXTNxHb7rGEZJ8"
            .to_owned();
        Self {
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: Mutex::default(),
            dummy,
        }
    }

    /// Takes a place for a password that came from `source`.
    pub fn enter(&self, source: Source) -> Result<Place<'_>, Crowded> {
        let mut waiting = self.waiting();
        let of_one = waiting.by_source.get(&source).copied().unwrap_or_default();
        if of_one >= PLACES_OF_ONE {
            return Err(Crowded::ByOne);
        }
        if waiting.all >= PLACES {
            return Err(Crowded::ByMany);
        }
        waiting.all += 1;
        waiting.by_source.insert(source, of_one + 1);
        drop(waiting);
        Ok(Place {
            passwords: self,
            source,
        })
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place<'_> {
    /// Whether a password fits a stored hash; without a hash the same work is done and the answer is no.
    pub async fn fits(self, password: &str, stored: Option<&str>) -> Result<bool, Outage> {
        let password = Zeroizing::new(password.to_owned());
        let known = stored.is_some();
        let stored = stored.unwrap_or(&self.passwords.dummy).to_owned();
        // Closed never: the semaphore lives as long as we do.
        let turn = Arc::clone(&self.passwords.at_once);
        let turn = turn.acquire_owned().await.ok();
        let fits = task::spawn_blocking(move || {
            // Held by the work itself: it goes on when the client hangs up and nobody awaits it any more.
            let _turn = turn;
            verify(password.as_bytes(), &stored)
        });
        let fits = fits.await?;
        Ok(fits && known)
    }

    /// Hashes a password that is to be set.
    pub async fn hash(self, password: &str, entropy: Arc<dyn Entropy>) -> Result<String, Outage> {
        let password = Zeroizing::new(password.to_owned());
        let turn = Arc::clone(&self.passwords.at_once);
        let turn = turn.acquire_owned().await.ok();
        let hashed = task::spawn_blocking(move || {
            let _turn = turn;
            hash(&password, &*entropy)
        });
        Ok(hashed.await??)
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

fn verify(password: &[u8], stored: &str) -> bool {
    if password.len() > PASSWORD_MAX {
        return false;
    }
    if is_bcrypt(stored) {
        // A password that bcrypt would cut off at 72 bytes never fits; nor does one with a NUL.
        return bcrypt::non_truncating_verify(password, stored).unwrap_or(false);
    }
    PasswordHash::new(stored)
        .is_ok_and(|hash| Argon2::default().verify_password(password, &hash).is_ok())
}

/// Checks a password that an operator sets or imports.
pub fn check(password: &str) -> Result<(), BadPassword> {
    check_length(password, PASSWORD_MIN)
}

/// Checks a password that somebody chooses on a page.
pub fn check_chosen(password: &str) -> Result<(), BadPassword> {
    check_length(password, CHOSEN_MIN)
}

fn check_length(password: &str, min: usize) -> Result<(), BadPassword> {
    if password.chars().count() < min {
        return Err(BadPassword::TooShort { min });
    }
    if password.len() > PASSWORD_MAX {
        return Err(BadPassword::TooLong);
    }
    Ok(())
}

/// Hashes a password with argon2id (19 MiB, two passes, one lane: the first choice of OWASP's list).
/// Blocks for some 20 ms.
pub fn hash(password: &str, entropy: &dyn Entropy) -> Result<String, argon2::password_hash::Error> {
    let mut salt = [0; 16];
    entropy.fill(Purpose::Key, &mut salt);
    Ok(Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)?
        .to_string())
}

/// Checks a password hash that is to be imported.
pub fn check_hash(text: &str) -> Result<(), BadPasswordHash> {
    let fits = if is_bcrypt(text) {
        let parts = text.parse::<bcrypt::HashParts>();
        parts.is_ok_and(|parts| (BCRYPT_COST_MIN..=BCRYPT_COST_MAX).contains(&parts.get_cost()))
    } else {
        text.starts_with("$argon2id$")
            && PasswordHash::new(text)
                .is_ok_and(|hash| hash.hash.is_some() && can_be_checked(&hash))
    };
    if fits { Ok(()) } else { Err(BadPasswordHash) }
}

fn can_be_checked(hash: &PasswordHash) -> bool {
    let mut version = hash.version.iter();
    let is_known = version.all(|version| Version::try_from(*version).is_ok());
    let asked = Params::try_from(hash);
    is_known
        && asked.is_ok_and(|asked| {
            asked.m_cost() <= ARGON2_MEMORY_MAX
                && asked.t_cost() <= ARGON2_PASSES_MAX
                && asked.p_cost() <= ARGON2_PASSES_MAX
        })
}

fn is_bcrypt(text: &str) -> bool {
    ["$2a$", "$2b$", "$2x$", "$2y$"]
        .iter()
        .any(|form| text.starts_with(form))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::SystemEntropy;

    async fn fits(passwords: &Passwords, password: &str, stored: Option<&str>) -> bool {
        let place = passwords.enter(Source::of(None)).expect("a place");
        place.fits(password, stored).await.expect("no outage")
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let passwords = Passwords::new();
        let stored = hash("correct horse", &SystemEntropy).expect("a hash");
        assert!(check_hash(&stored).is_ok());
        assert!(fits(&passwords, "correct horse", Some(&stored)).await);
        assert!(!fits(&passwords, "correct horsf", Some(&stored)).await);
        assert!(!fits(&passwords, "correct horse", None).await);
        assert!(!fits(&passwords, "correct horse", Some("nonsense")).await);
    }

    #[tokio::test]
    async fn an_imported_bcrypt_hash_works() {
        let stored = bcrypt::hash("correct horse", 4).expect("a hash");
        assert!(check_hash(&stored).is_ok());
        let passwords = Passwords::new();
        assert!(fits(&passwords, "correct horse", Some(&stored)).await);
        assert!(!fits(&passwords, "wrong", Some(&stored)).await);
    }

    fn source(number: usize) -> Source {
        let number = u32::try_from(number).expect("it fits");
        Source::of(Some(std::net::Ipv4Addr::from_bits(number).into()))
    }

    #[test]
    fn t_04_places_are_bounded_for_all_and_for_each_source_and_come_back() {
        let passwords = Passwords::new();
        let mut places = Vec::new();
        for place in 0..PLACES {
            places.push(
                passwords
                    .enter(source(place / PLACES_OF_ONE))
                    .expect("a place"),
            );
        }
        let refused = |number| passwords.enter(source(number)).map(drop);
        assert_eq!(refused(0), Err(Crowded::ByOne));
        assert_eq!(refused(PLACES), Err(Crowded::ByMany));
        drop(places.pop());
        assert_eq!(refused(0), Err(Crowded::ByOne), "the place was another's");
        assert_eq!(refused(PLACES), Ok(()));
        drop(places);
        let waiting = passwords.waiting();
        assert_eq!((waiting.all, waiting.by_source.len()), (0, 0));
    }

    #[tokio::test]
    async fn t_04_a_client_that_hangs_up_keeps_its_turn_until_the_work_is_done() {
        let passwords = Passwords::new();
        for client in 0..AT_ONCE {
            let place = passwords.enter(source(client)).expect("a place");
            tokio::select! {
                biased;
                _fits = place.fits("wrong", None) => panic!("hashing takes longer"),
                () = std::future::ready(()) => {}
            }
        }
        assert_eq!(passwords.at_once.available_permits(), 0);
        assert!(!fits(&passwords, "wrong", None).await);
    }

    #[test]
    fn the_dummy_costs_as_much_as_a_hash_of_ours() {
        let dummy = Passwords::new().dummy;
        assert!(check_hash(&dummy).is_ok());
        let ours = hash("correct horse", &SystemEntropy).expect("a hash");
        let cost = |text: &str| text.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(cost(&dummy), cost(&ours));
    }

    #[test]
    fn a_hash_that_asks_for_more_than_a_machine_has_is_refused() {
        let argon2 = |asked: &str| {
            let dummy = Passwords::new().dummy;
            check_hash(&dummy.replace("m=19456,t=2,p=1", asked))
        };
        assert_eq!(argon2("m=1048576,t=16,p=16"), Ok(()));
        for asked in ["m=1048577,t=1,p=1", "m=19456,t=17,p=1", "m=19456,t=1,p=17"] {
            assert_eq!(argon2(asked), Err(BadPasswordHash), "{asked}");
        }
        let bcrypt = |cost: &str| {
            let rest = "abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01232";
            check_hash(&format!("$2b${cost}${rest}"))
        };
        assert_eq!((bcrypt("04"), bcrypt("16")), (Ok(()), Ok(())));
        for cost in ["03", "17", "31", "99"] {
            assert_eq!(bcrypt(cost), Err(BadPasswordHash), "{cost}");
        }
    }

    #[test]
    fn other_hashes_are_refused() {
        for text in [
            "",
            "plain",
            "$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA",
            "$2b$10$short",
            "$1$md5$x",
            "$argon2id$v=1$m=19456,t=2,p=1$a2V5Zm9iLWR1bW15LXNhbHQ$3oRFzVlPHbGzSzOBSTUJVvVMmTHTCaXTNxHb7rGEZJ8",
            "$argon2id$v=19$m=1,t=0,p=0$a2V5Zm9iLWR1bW15LXNhbHQ$3oRFzVlPHbGzSzOBSTUJVvVMmTHTCaXTNxHb7rGEZJ8",
        ] {
            assert_eq!(check_hash(text), Err(BadPasswordHash), "{text}");
        }
        let too_short = |min| Err(BadPassword::TooShort { min });
        assert_eq!(check("1234567"), too_short(8));
        assert_eq!(check("12345678"), Ok(()));
        assert_eq!(
            check_chosen("éééééééééé1"),
            too_short(12),
            "characters, not bytes"
        );
        assert_eq!(check_chosen("éééééééééé12"), Ok(()));
        assert_eq!(check_chosen(&"x".repeat(1_025)), Err(BadPassword::TooLong));
        assert_eq!(check(&"x".repeat(1_025)), Err(BadPassword::TooLong));
    }
}
