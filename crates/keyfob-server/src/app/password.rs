//! Passwords: argon2id (RFC 9106) for what is made here, argon2id and bcrypt for what is imported.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use keyfob_core::time::{Entropy, Purpose};
use tokio::sync::Semaphore;
use tokio::task;
use zeroize::Zeroizing;

use crate::app::Outage;

/// Fewest characters of a password that is set here.
pub const PASSWORD_MIN: usize = 8;
/// Most bytes of a password: hashing a longer one would cost more than it adds.
pub const PASSWORD_MAX: usize = 1_024;
/// How many hashes are computed at once: each takes 19 MiB and some 20 ms of a core.
const AT_ONCE: usize = 4;

/// Why a password cannot be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPassword {
    /// Fewer than [`PASSWORD_MIN`] characters.
    #[error("a password has at least {PASSWORD_MIN} characters")]
    TooShort,
    /// More than [`PASSWORD_MAX`] bytes.
    #[error("a password has at most {PASSWORD_MAX} bytes")]
    TooLong,
}

/// Why a text is no password hash that can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a password hash is a PHC string of argon2id, or a bcrypt hash")]
pub struct BadPasswordHash;

/// Computes and checks password hashes, a bounded number at once and off the request's thread.
#[derive(Debug)]
pub struct Passwords {
    places: Arc<Semaphore>,
    /// Checked when there is no account, so that the answer takes as long.
    dummy: String,
}

impl Passwords {
    /// Ready to check.
    pub fn new() -> Self {
        // A hash of nothing anybody can enter: the salt is fixed and its password is forgotten.
        let dummy = "$argon2id$v=19$m=19456,t=2,p=1$a2V5Zm9iLWR1bW15LXNhbHQ$\
                     3oRFzVlPHbGzSzOBSTUJVvVMmTHTCaXTNxHb7rGEZJ8"
            .to_owned();
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE)),
            dummy,
        }
    }

    /// Whether a password fits a stored hash; without a hash the same work is done and the answer is no.
    pub async fn fits(&self, password: &str, stored: Option<&str>) -> Result<bool, Outage> {
        let password = Zeroizing::new(password.to_owned());
        let known = stored.is_some();
        let stored = stored.unwrap_or(&self.dummy).to_owned();
        // Closed never: the semaphore lives as long as we do.
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        let fits = task::spawn_blocking(move || {
            // Held by the work itself: it goes on when the client hangs up and nobody awaits it any more.
            let _place = place;
            verify(password.as_bytes(), &stored)
        });
        let fits = fits.await?;
        Ok(fits && known)
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

/// Checks a password that is to be set.
pub fn check(password: &str) -> Result<(), BadPassword> {
    if password.chars().count() < PASSWORD_MIN {
        return Err(BadPassword::TooShort);
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
        text.parse::<bcrypt::HashParts>().is_ok()
    } else {
        text.starts_with("$argon2id$")
            && PasswordHash::new(text).is_ok_and(|hash| hash.hash.is_some())
    };
    if fits { Ok(()) } else { Err(BadPasswordHash) }
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

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let passwords = Passwords::new();
        let stored = hash("correct horse", &SystemEntropy).expect("a hash");
        assert!(check_hash(&stored).is_ok());
        assert!(
            passwords
                .fits("correct horse", Some(&stored))
                .await
                .expect("no outage")
        );
        assert!(
            !passwords
                .fits("correct horsf", Some(&stored))
                .await
                .expect("no outage")
        );
        assert!(
            !passwords
                .fits("correct horse", None)
                .await
                .expect("no outage")
        );
        assert!(
            !passwords
                .fits("correct horse", Some("nonsense"))
                .await
                .expect("no outage")
        );
    }

    #[tokio::test]
    async fn an_imported_bcrypt_hash_works() {
        let stored = bcrypt::hash("correct horse", 4).expect("a hash");
        assert!(check_hash(&stored).is_ok());
        let passwords = Passwords::new();
        assert!(
            passwords
                .fits("correct horse", Some(&stored))
                .await
                .expect("no outage")
        );
        assert!(
            !passwords
                .fits("wrong", Some(&stored))
                .await
                .expect("no outage")
        );
    }

    #[tokio::test]
    async fn t_04_a_client_that_hangs_up_keeps_its_place_until_the_work_is_done() {
        let passwords = Passwords::new();
        for _client in 0..AT_ONCE {
            tokio::select! {
                biased;
                _fits = passwords.fits("wrong", None) => panic!("hashing takes longer"),
                () = std::future::ready(()) => {}
            }
        }
        assert_eq!(passwords.places.available_permits(), 0);
        assert!(!passwords.fits("wrong", None).await.expect("no outage"));
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
    fn other_hashes_are_refused() {
        for text in [
            "",
            "plain",
            "$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA",
            "$2b$10$short",
            "$1$md5$x",
        ] {
            assert_eq!(check_hash(text), Err(BadPasswordHash), "{text}");
        }
        assert_eq!(check("1234567"), Err(BadPassword::TooShort));
        assert_eq!(check(&"x".repeat(1_025)), Err(BadPassword::TooLong));
    }
}
