//! The scopes of an exchange: which claims about the person an access token carries.
//!
//! On the doors v1 to v3 `scope` chooses claims and never narrows permissions (contract X3): existing
//! clients send whatever their documentation shows, with commas as often as with spaces.

use std::fmt;

/// The scopes that an access token is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scopes {
    openid: Option<u8>,
    profile: Option<u8>,
    email: Option<u8>,
}

/// A word with a colon: it looks like a permission, and these doors do not narrow by scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a permission name is no scope here")]
pub struct PermissionAsScope;

impl Scopes {
    /// What is meant when nothing is asked.
    pub const DEFAULT: Self = Self {
        openid: Some(0),
        profile: Some(1),
        email: Some(2),
    };

    /// Reads the field `scope` of the doors v1 to v3: words separated by commas and white space,
    /// unknown ones ignored. When nothing known remains it is `openid`.
    ///
    /// # Errors
    /// [`PermissionAsScope`] for a word with `:`.
    pub fn parse(field: Option<&str>) -> Result<Self, PermissionAsScope> {
        let mut scopes = Self {
            openid: None,
            profile: None,
            email: None,
        };
        let words = field
            .unwrap_or_default()
            .split(|letter: char| letter == ',' || letter.is_whitespace());
        let mut asked = false;
        let mut place = 0;
        for word in words.filter(|word| !word.is_empty()) {
            asked = true;
            if word.contains(':') {
                return Err(PermissionAsScope);
            }
            let slot = match word {
                "openid" => &mut scopes.openid,
                "profile" => &mut scopes.profile,
                "email" => &mut scopes.email,
                _unknown => continue,
            };
            if slot.is_none() {
                *slot = Some(place);
                place += 1;
            }
        }
        if !asked {
            return Ok(Self::DEFAULT);
        }
        if place == 0 {
            scopes.openid = Some(0);
        }
        Ok(scopes)
    }

    /// Whether the person's name goes in.
    pub fn has_profile(self) -> bool {
        self.profile.is_some()
    }

    /// Whether the person's address goes in.
    pub fn has_email(self) -> bool {
        self.email.is_some()
    }
}

impl fmt::Display for Scopes {
    /// Separated by spaces, in the order asked (RFC 6749 §3.3).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words = [
            (self.openid, "openid"),
            (self.profile, "profile"),
            (self.email, "email"),
        ];
        words.sort_by_key(|(place, _word)| *place);
        let asked = words.iter().filter(|(place, _word)| place.is_some());
        for (index, (_place, word)) in asked.enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(word)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x3_commas_and_spaces_separate_and_unknown_words_are_ignored() {
        for (field, scope) in [
            (None, "openid profile email"),
            (Some(""), "openid profile email"),
            (Some(" , "), "openid profile email"),
            (Some("openid,profile,email"), "openid profile email"),
            (Some("email  openid"), "email openid"),
            (Some("email,email,phone"), "email"),
            (Some("phone address"), "openid"),
            (Some("OpenID"), "openid"),
        ] {
            assert_eq!(
                Scopes::parse(field).map(|scopes| scopes.to_string()),
                Ok(scope.to_owned())
            );
        }
    }

    #[test]
    fn x3_a_word_with_a_colon_is_refused() {
        assert_eq!(
            Scopes::parse(Some("openid,build:view")),
            Err(PermissionAsScope)
        );
        assert_eq!(Scopes::parse(Some(":")), Err(PermissionAsScope));
    }
}
