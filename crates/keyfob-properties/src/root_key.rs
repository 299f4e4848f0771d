//! The root key file: 32 bytes in base64 (RFC 4648 §4).

use std::cell::RefCell;
use std::fs;

use data_encoding::BASE64;
use keyfob_server::seal::{ROOT_KEY_LENGTH, RootKey, RootKeyError};
use tempfile::NamedTempFile;

/// A file is a root key exactly when it holds 32 bytes in the one form of base64; neither the key nor
/// what is wrong tells any of it.
pub fn holds(data: &[u8]) {
    thread_local! {
        // Made for its owner only, as a root key file must be.
        static FILE: RefCell<NamedTempFile> = RefCell::new(NamedTempFile::new().expect("a file"));
    }
    let read = FILE.with_borrow(|place| {
        fs::write(place.path(), data).expect("written");
        RootKey::load(place.path())
    });
    let text = String::from_utf8_lossy(data);
    let bytes = BASE64.decode(text.trim().as_bytes()).unwrap_or_default();
    let is_key = bytes.len() == ROOT_KEY_LENGTH && BASE64.encode(&bytes) == text.trim();
    match read {
        Ok(key) => {
            assert!(is_key);
            assert_eq!(format!("{key:?}"), "RootKey(…)");
        }
        Err(RootKeyError::Form(_path)) => assert!(!is_key),
        Err(RootKeyError::Unreadable(_path, _cause)) => {
            assert!(std::str::from_utf8(data).is_err());
        }
        Err(other) => unreachable!("{other}"),
    }
}
