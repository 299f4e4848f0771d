//! Links that somebody is given: to the first account, to an invitation, to another password. The secret in
//! one is stored as a hash only.

use data_encoding::BASE64URL_NOPAD;
use keyfob_core::time::{Entropy, Purpose};
use zeroize::Zeroizing;

use crate::app::sign_in::hash;
use crate::secret::SecretText;

/// Bytes of a link's secret.
const SECRET_LENGTH: usize = 32;

/// A link, for the eyes of whom it is meant for.
#[derive(Debug)]
pub struct Link {
    secret: SecretText,
    page: &'static str,
}

impl Link {
    /// Draws one to a page.
    pub fn draw(entropy: &dyn Entropy, purpose: Purpose, page: &'static str) -> Self {
        let mut bytes = Zeroizing::new([0; SECRET_LENGTH]);
        entropy.fill(purpose, bytes.as_mut());
        Self {
            secret: SecretText::new(BASE64URL_NOPAD.encode(bytes.as_ref())),
            page,
        }
    }

    /// What is kept of it.
    pub fn hash(&self) -> Vec<u8> {
        hash(self.secret.expose())
    }

    /// The link as it is opened in a browser.
    pub fn url(&self, issuer: &str) -> String {
        format!("{issuer}{}?code={}", self.page, self.secret.expose())
    }
}
