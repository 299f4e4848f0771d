//! The address of a PostgreSQL database, which may hold a password.

use keyfob_server::config::probe::{has_password, masked};
use keyfob_store::probe::password_in;

use crate::secret::{chain, is_told, planted_once};

/// What the driver takes for the password is masked and known to be one, and what is masked is not told
/// by an error either; masked once more it is the same.
pub fn holds(data: &[u8]) {
    let Some(text) = planted_once(data) else {
        return;
    };
    let url = match text.strip_prefix("postgresql://") {
        Some(_) => text,
        None => format!("postgres://{text}"),
    };
    let shown = masked(&url);
    assert_eq!(masked(&shown), shown, "{url}");
    if !has_password(&url) {
        assert_eq!(shown, url);
    }
    match password_in(&url) {
        Ok(Some(password)) => {
            assert!(has_password(&url), "{url} has none");
            if is_told(&String::from_utf8_lossy(&password)) {
                assert!(!is_told(&shown), "{shown} of {url}");
            }
        }
        Ok(None) => {}
        Err(error) => {
            let told = chain(&error);
            assert!(is_told(&shown) || !is_told(&told), "{told} of {url}");
        }
    }
}
