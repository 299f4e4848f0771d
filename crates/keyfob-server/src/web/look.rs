//! Light, dark, or as the reader's system has it: kept in a cookie, so that no page flashes and no script
//! is needed.

use http::HeaderMap;

use crate::http::authenticate::one_cookie;

/// The cookie's name. It says nothing about anybody, and holds until it is changed.
const COOKIE: &str = "keyfob_look";
/// Seconds of a year.
const A_YEAR: u32 = 365 * 24 * 60 * 60;

/// How pages look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Look {
    /// As the system says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Look {
    /// All, in the order of the buttons.
    pub(crate) const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The word in forms and in the cookie.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The name of its icon.
    pub(crate) const fn icon(self) -> &'static str {
        match self {
            Self::System => "monitor",
            Self::Light => "sun",
            Self::Dark => "moon",
        }
    }

    /// The look with that word.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|look| look.word() == word)
    }

    /// What the reader's browser brings; what it should not have brought counts for nothing.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let cookie = one_cookie(COOKIE, headers).ok().flatten();
        cookie.and_then(Self::from_word).unwrap_or_default()
    }

    /// Whether the page says it itself.
    pub(crate) const fn is_chosen(self) -> bool {
        !matches!(self, Self::System)
    }

    /// The `Set-Cookie` that keeps it.
    pub(crate) fn cookie(self) -> String {
        let word = self.word();
        format!("{COOKIE}={word}; HttpOnly; SameSite=Lax; Path=/; Max-Age={A_YEAR}")
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, header};

    use super::*;

    fn brought(cookies: &'static str) -> Look {
        Look::of(&HeaderMap::from_iter([(
            header::COOKIE,
            HeaderValue::from_static(cookies),
        )]))
    }

    #[test]
    fn a_look_is_what_was_chosen_and_else_the_systems() {
        assert_eq!(Look::of(&HeaderMap::new()), Look::System);
        assert_eq!(brought("a=b; keyfob_look=dark"), Look::Dark);
        assert_eq!(brought("keyfob_look=light"), Look::Light);
        for nonsense in [
            "keyfob_look=pink",
            "keyfob_look=",
            "keyfob_look=dark; keyfob_look=light",
        ] {
            assert_eq!(brought(nonsense), Look::System, "{nonsense}");
        }
        assert!(Look::Dark.cookie().starts_with("keyfob_look=dark; "));
    }
}
