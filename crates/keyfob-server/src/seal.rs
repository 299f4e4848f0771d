//! The root key, and what lies in the database only sealed under it.
//!
//! Sealed form: one byte 1, a random nonce of 12 bytes, then AES-256-GCM (NIST SP 800-38D) of the secret,
//! with the record's purpose and id as associated data, so that a sealed value moved to another record
//! does not open.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use data_encoding::BASE64;
use keyfob_core::time::{Entropy, Purpose};
use uuid::Uuid;
use zeroize::{Zeroize as _, Zeroizing};

/// Bytes of a root key.
pub const ROOT_KEY_LENGTH: usize = 32;
const FORM: u8 = 1;
const CHECK_TEXT: &[u8] = b"this database belongs to this root key";
const CHECK_PURPOSE: &str = "check";

/// Why there is no usable root key. Each is one sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum RootKeyError {
    /// The file is not there.
    #[error(
        "the root key {0} is missing: put the installation's own root key there (it is in your backup of the \
         keys), or name its place with --root-key-file"
    )]
    Missing(PathBuf),
    /// The file cannot be read.
    #[error("the root key {0} cannot be read")]
    Unreadable(PathBuf, #[source] io::Error),
    /// The file cannot be written.
    #[error("the root key {0} cannot be written")]
    Unwritable(PathBuf, #[source] io::Error),
    /// Others than its owner may read it.
    #[error("the root key {0} can be read by others: take that right away (chmod 600 {0})")]
    Open(PathBuf),
    /// It does not hold 32 bytes in base64.
    #[error(
        "the root key {0} does not hold 32 bytes in base64 (make one with: head -c 32 /dev/urandom | base64)"
    )]
    Form(PathBuf),
    /// It is not the one that the database was made with.
    #[error("the root key {0} is not the one that this database was made with")]
    Wrong(PathBuf),
}

/// A sealed value that does not open: wrong root key, wrong record, or changed bytes.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("a sealed value does not open under this root key")]
pub struct DoesNotOpen;

/// The key under which all others are sealed. Never in the database.
pub struct RootKey {
    key: LessSafeKey,
    place: PathBuf,
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootKey(…)")
    }
}

impl RootKey {
    /// Reads a root key file: 32 bytes in base64, for its owner only.
    pub fn load(path: &Path) -> Result<Self, RootKeyError> {
        let place = || path.to_owned();
        let unreadable = |cause: io::Error| {
            if cause.kind() == io::ErrorKind::NotFound {
                RootKeyError::Missing(place())
            } else {
                RootKeyError::Unreadable(place(), cause)
            }
        };
        let mode = fs::metadata(path).map_err(unreadable)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(RootKeyError::Open(place()));
        }
        let text = Zeroizing::new(fs::read_to_string(path).map_err(unreadable)?);
        let bytes = BASE64.decode(text.trim().as_bytes()).map(Zeroizing::new);
        let bytes = bytes.map_err(|_not_base64| RootKeyError::Form(place()))?;
        // The decoder takes pieces that are padded each by itself, too; others read such a file otherwise.
        let one_form = Zeroizing::new(BASE64.encode(&bytes));
        if one_form.as_str() != text.trim() {
            return Err(RootKeyError::Form(place()));
        }
        let key =
            UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_length| RootKeyError::Form(place()))?;
        Ok(Self {
            key: LessSafeKey::new(key),
            place: place(),
        })
    }

    /// Reads the file again: the operator may have put another key there, and sealed all under it.
    pub fn load_again(&self) -> Result<Self, RootKeyError> {
        Self::load(&self.place)
    }

    /// Makes a root key file, unless another process was quicker, and reads what is there then.
    pub fn load_or_make(path: &Path, entropy: &dyn Entropy) -> Result<Self, RootKeyError> {
        match Self::load(path) {
            Err(RootKeyError::Missing(_path)) => {}
            found => return found,
        }
        let unwritable = |cause| RootKeyError::Unwritable(path.to_owned(), cause);
        match make(path, entropy) {
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
            made => made.map_err(unwritable)?,
        }
        Self::load(path)
    }

    /// Seals a secret for one record.
    pub fn seal(&self, purpose: &str, id: Uuid, secret: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        entropy.fill(Purpose::Key, &mut nonce);
        let mut sealed = vec![FORM];
        sealed.extend(nonce);
        let mut body = secret.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        let done = self
            .key
            .seal_in_place_append_tag(nonce, aad(purpose, id), &mut body);
        if done.is_err() {
            // Only a secret of gigabytes is too long to seal; nothing of it may stay in the clear.
            body.zeroize();
        }
        sealed.append(&mut body);
        sealed
    }

    /// Opens what was sealed for the same record.
    pub fn open(
        &self,
        purpose: &str,
        id: Uuid,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
        let (form, rest) = sealed.split_first().ok_or(DoesNotOpen)?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or(DoesNotOpen)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_length| DoesNotOpen)?;
        if *form != FORM {
            return Err(DoesNotOpen);
        }
        let mut body = Zeroizing::new(body.to_vec());
        let opened = self.key.open_in_place(nonce, aad(purpose, id), &mut body);
        let length = opened.map_err(|_tag| DoesNotOpen)?.len();
        body.truncate(length);
        Ok(body)
    }

    /// A known value, sealed: kept in the database so that a wrong root key is told at once.
    pub fn check_value(&self, entropy: &dyn Entropy) -> Vec<u8> {
        self.seal(CHECK_PURPOSE, Uuid::nil(), CHECK_TEXT, entropy)
    }

    /// Whether a database's check value was sealed under this key.
    pub fn fits(&self, check_value: &[u8]) -> bool {
        self.open(CHECK_PURPOSE, Uuid::nil(), check_value)
            .is_ok_and(|text| text.as_slice() == CHECK_TEXT)
    }
}

fn aad(purpose: &str, id: Uuid) -> Aad<Vec<u8>> {
    let mut bytes = purpose.as_bytes().to_vec();
    bytes.push(0);
    bytes.extend(id.as_bytes());
    Aad::from(bytes)
}

/// Writes a new key beside its place and links it there: two processes that begin together end with
/// one key, and nobody reads half of one.
fn make(path: &Path, entropy: &dyn Entropy) -> io::Result<()> {
    let mut bytes = Zeroizing::new([0; ROOT_KEY_LENGTH]);
    entropy.fill(Purpose::Key, bytes.as_mut());
    let mut number = [0; 8];
    entropy.fill(Purpose::Id, &mut number);
    let draft = path.with_extension(format!("draft-{:016x}", u64::from_le_bytes(number)));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    let mut text = Zeroizing::new(BASE64.encode(bytes.as_ref()));
    text.push('\n');
    let linked = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&draft, path));
    fs::remove_file(&draft)?;
    linked?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::SystemEntropy;

    fn key(folder: &Path) -> RootKey {
        RootKey::load_or_make(&folder.join("root.key"), &SystemEntropy).expect("a root key")
    }

    #[test]
    fn what_is_sealed_opens_for_the_same_record_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = key(folder.path());
        let id = Uuid::from_u128(1);
        let sealed = key.seal("pepper", id, b"secret", &SystemEntropy);
        assert_eq!(
            key.open("pepper", id, &sealed).expect("opens").as_slice(),
            b"secret"
        );
        assert!(key.open("signing", id, &sealed).is_err());
        assert!(key.open("pepper", Uuid::from_u128(2), &sealed).is_err());
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(key.open("pepper", id, &changed).is_err(), "byte {index}");
        }
        assert!(key.open("pepper", id, &[]).is_err());
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
    }

    #[test]
    fn the_check_value_tells_a_wrong_key() {
        let (one, two) = (
            tempfile::tempdir().expect("a folder"),
            tempfile::tempdir().expect("a folder"),
        );
        let value = key(one.path()).check_value(&SystemEntropy);
        assert!(key(one.path()).fits(&value), "the same file is read again");
        assert!(!key(two.path()).fits(&value));
    }

    #[test]
    fn a_root_key_file_is_for_its_owner_only_and_holds_32_bytes() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("root.key");
        assert!(matches!(
            RootKey::load(&path),
            Err(RootKeyError::Missing(_))
        ));
        key(folder.path());
        let mode = fs::metadata(&path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(
            fs::read_dir(folder.path()).expect("a folder").count(),
            1,
            "no draft is left"
        );
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("permissions");
        assert!(matches!(RootKey::load(&path), Err(RootKeyError::Open(_))));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("permissions");
        fs::write(&path, "c2hvcnQ=").expect("written");
        assert!(matches!(RootKey::load(&path), Err(RootKeyError::Form(_))));
    }
}
