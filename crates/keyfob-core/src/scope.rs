//! The scopes of an exchange: which claims about the person an access token carries.
//!
//! On the doors v1 to v3 `scope` chooses claims and never narrows permissions (contract X3): existing
//! clients send whatever their documentation shows, with commas as often as with spaces. At
//! `/oauth/token` it is that of RFC 6749, and a permission's name narrows to it.

use std::fmt;

use crate::pat::CEILING_MAX;

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

/// A word that is no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a word is no scope")]
pub struct UnknownScope;

/// Most permissions that a scope can name, as many as a ceiling.
pub const NAMED_MAX: usize = CEILING_MAX;
/// Most bytes of such a scope: it is repeated in the access token, which must stay short.
pub const SCOPE_MAX: usize = 2_048;

/// What `scope` asks for at `/oauth/token`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedScopes<'a> {
    /// The claims.
    pub claims: Scopes,
    /// Permissions by name, each once, in the order asked; with any, the token carries only those.
    pub permissions: Vec<&'a str>,
}

impl<'a> NamedScopes<'a> {
    /// Reads the field `scope` of `/oauth/token`: words separated by spaces (RFC 6749 §3.3), each a
    /// claim's or a permission's name. Whether there is such a permission is the decision's to say.
    ///
    /// # Errors
    /// [`UnknownScope`] for any other word, for more than [`NAMED_MAX`] permissions, and for more than
    /// [`SCOPE_MAX`] bytes.
    pub fn parse(field: Option<&'a str>) -> Result<Self, UnknownScope> {
        let field = field.unwrap_or_default();
        if field.len() > SCOPE_MAX {
            return Err(UnknownScope);
        }
        let mut claims = Scopes::NONE;
        let mut permissions = Vec::new();
        for word in field.split(' ').filter(|word| !word.is_empty()) {
            let is_permission = word.contains(':');
            if is_permission && !permissions.contains(&word) {
                permissions.push(word);
            }
            if !is_permission && !claims.add(word) {
                return Err(UnknownScope);
            }
        }
        if permissions.len() > NAMED_MAX {
            return Err(UnknownScope);
        }
        if claims == Scopes::NONE && permissions.is_empty() {
            claims = Scopes::DEFAULT;
        }
        Ok(Self {
            claims,
            permissions,
        })
    }
}

impl Scopes {
    const NONE: Self = Self {
        openid: None,
        profile: None,
        email: None,
    };

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
        let mut scopes = Self::NONE;
        let words = field
            .unwrap_or_default()
            .split(|letter: char| letter == ',' || letter.is_whitespace());
        let mut asked = false;
        for word in words.filter(|word| !word.is_empty()) {
            asked = true;
            if word.contains(':') {
                return Err(PermissionAsScope);
            }
            scopes.add(word);
        }
        if !asked {
            return Ok(Self::DEFAULT);
        }
        if scopes == Self::NONE {
            scopes.openid = Some(0);
        }
        Ok(scopes)
    }

    /// Adds a word behind those asked before; says whether it is one that is known.
    fn add(&mut self, word: &str) -> bool {
        let asked = [self.openid, self.profile, self.email];
        let place = asked.into_iter().flatten().count();
        let slot = match word {
            "openid" => &mut self.openid,
            "profile" => &mut self.profile,
            "email" => &mut self.email,
            _unknown => return false,
        };
        if slot.is_none() {
            *slot = u8::try_from(place).ok();
        }
        true
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

    #[test]
    fn x3_at_the_oauth_door_only_spaces_separate_and_an_unknown_word_is_refused() {
        let claims = |field| {
            let read = NamedScopes::parse(field).map(|scopes| scopes.claims.to_string());
            read.map_err(|_unknown| "unknown")
        };
        let all = Ok("openid profile email".to_owned());
        assert_eq!(claims(None), all);
        assert_eq!(claims(Some("")), all);
        assert_eq!(claims(Some("email openid")), Ok("email openid".to_owned()));
        for field in ["openid,email", "phone", "email\topenid", "openid phone"] {
            assert_eq!(claims(Some(field)), Err("unknown"), "{field}");
        }
    }

    #[test]
    fn x3_at_the_oauth_door_permissions_are_named_each_once_and_at_most_200() {
        let read = NamedScopes::parse(Some("build:view email store:view build:view"));
        let read = read.expect("good");
        assert_eq!(read.permissions, ["build:view", "store:view"]);
        assert_eq!(read.claims.to_string(), "email");
        let only = NamedScopes::parse(Some("build:view")).expect("good");
        assert_eq!(only.claims.to_string(), "", "no claim was asked for");
        let many = |count: usize| {
            let names: Vec<String> = (0..count).map(|number| format!("m:{number}")).collect();
            names.join(" ")
        };
        assert!(NamedScopes::parse(Some(&many(200))).is_ok());
        assert_eq!(NamedScopes::parse(Some(&many(201))), Err(UnknownScope));
        let long = |length: usize| format!("m:{}", "x".repeat(length - 2));
        assert!(NamedScopes::parse(Some(&long(SCOPE_MAX))).is_ok());
        assert_eq!(
            NamedScopes::parse(Some(&long(SCOPE_MAX + 1))),
            Err(UnknownScope)
        );
    }
}
