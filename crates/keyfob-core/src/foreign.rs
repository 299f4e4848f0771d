//! Tokens of another system, imported by hash and recognised by a pattern (contract P12).

use regex::Regex;
use regex_syntax::hir::{Hir, HirKind, Look};

use crate::secret::{PatSecret, Prefix, Scheme};

/// Least characters of a text that a foreign pattern may match: short tokens can be guessed.
pub const FOREIGN_MIN: usize = 20;
/// Most characters of a foreign token.
pub const FOREIGN_MAX: usize = 512;

/// Why a foreign format was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadForeign {
    /// Not a regular expression.
    #[error("the pattern is no regular expression")]
    NotAPattern,
    /// It does not begin with `^` and end with `$`.
    #[error("the pattern must begin with ^ and end with $")]
    NotAnchored,
    /// It matches texts that are too short.
    #[error("the pattern must need at least {FOREIGN_MIN} characters")]
    TooShort,
    /// It matches native tokens too.
    #[error("the pattern matches this installation's own tokens")]
    MatchesNative,
}

/// One foreign format.
#[derive(Debug, Clone)]
pub struct Foreign {
    name: String,
    pattern: Regex,
    scheme: Scheme,
}

impl Foreign {
    /// Takes a name, an anchored pattern, and the hash under which such tokens are imported.
    ///
    /// # Errors
    /// [`BadForeign`] says what is wrong with the pattern.
    pub fn new(
        name: String,
        pattern: &str,
        scheme: Scheme,
        native: &Prefix,
    ) -> Result<Self, BadForeign> {
        let tree = regex_syntax::parse(pattern).map_err(|_cause| BadForeign::NotAPattern)?;
        let properties = tree.properties();
        let anchored = properties.look_set_prefix().contains(Look::Start)
            && properties.look_set_suffix().contains(Look::End);
        if !anchored {
            return Err(BadForeign::NotAnchored);
        }
        if properties.minimum_len().is_none() || fewest(&tree) < FOREIGN_MIN {
            return Err(BadForeign::TooShort);
        }
        let pattern = Regex::new(pattern).map_err(|_cause| BadForeign::NotAPattern)?;
        if (0..8).any(|seed| pattern.is_match(sample(native, seed).expose())) {
            return Err(BadForeign::MatchesNative);
        }
        Ok(Self {
            name,
            pattern,
            scheme,
        })
    }

    /// Its name in the configuration and in import files.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The hash under which such tokens are imported.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }
}

/// The fewest characters of a text that a pattern matches. Not bytes, of which one letter may have four.
fn fewest(pattern: &Hir) -> usize {
    match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) => 0,
        HirKind::Literal(literal) => String::from_utf8_lossy(&literal.0).chars().count(),
        HirKind::Class(_) => 1,
        HirKind::Repetition(repeated) => {
            let times = usize::try_from(repeated.min).unwrap_or(usize::MAX);
            times.saturating_mul(fewest(&repeated.sub))
        }
        HirKind::Capture(group) => fewest(&group.sub),
        HirKind::Concat(parts) => parts.iter().map(fewest).fold(0, usize::saturating_add),
        HirKind::Alternation(choices) => choices.iter().map(fewest).min().unwrap_or(0),
    }
}

/// A text of the native form: a pattern that fits several of them by chance would have to be very odd.
fn sample(native: &Prefix, seed: u8) -> PatSecret {
    let mut next = seed;
    let mut step = || {
        next = next.wrapping_mul(77).wrapping_add(101);
        next
    };
    PatSecret::generate(native, |bytes| bytes.fill_with(&mut step))
}

/// Every form a presented token can have: the native one and the foreign ones.
#[derive(Debug, Clone, Default)]
pub struct TokenForms {
    /// The native prefix.
    pub prefix: Prefix,
    /// The foreign formats.
    pub foreign: Vec<Foreign>,
}

/// A presented text of a known form: the secret, and the schemes under which it may be stored.
#[derive(Debug)]
pub struct Presented {
    /// The secret.
    pub secret: PatSecret,
    /// The schemes to look up, the likeliest first.
    pub schemes: Vec<Scheme>,
}

impl TokenForms {
    /// Recognises a presented text; none when no form fits, and then no look-up is needed.
    pub fn recognise(&self, text: &str) -> Option<Presented> {
        let text = text.trim();
        if let Ok(secret) = PatSecret::parse(&self.prefix, text) {
            return Some(Presented {
                secret,
                schemes: vec![Scheme::Sha256],
            });
        }
        if text.len() > FOREIGN_MAX {
            return None;
        }
        let fits = self
            .foreign
            .iter()
            .filter(|foreign| foreign.pattern.is_match(text));
        let mut schemes: Vec<_> = fits.map(Foreign::scheme).collect();
        schemes.dedup();
        (!schemes.is_empty()).then(|| Presented {
            secret: PatSecret::foreign(text),
            schemes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn foreign(pattern: &str) -> Result<Foreign, BadForeign> {
        Foreign::new(
            "old".to_owned(),
            pattern,
            Scheme::Sha512,
            &Prefix::default(),
        )
    }

    #[test]
    fn p12_a_foreign_pattern_is_anchored_and_long_and_not_native() {
        assert!(foreign("^ac_[0-9a-f]{40}$").is_ok());
        let refused = |pattern: &str| foreign(pattern).map(|_| ()).expect_err("refused");
        assert_eq!(refused("ac_[0-9a-f]{40}"), BadForeign::NotAnchored);
        assert_eq!(refused("^ac_[0-9a-f]{40}"), BadForeign::NotAnchored);
        assert_eq!(refused("(?m)^ac_[0-9a-f]{40}$"), BadForeign::NotAnchored);
        assert_eq!(refused("^ac_[0-9a-f]*$"), BadForeign::TooShort);
        assert_eq!(refused("^ac_[0-9a-f]{40}$|^x$"), BadForeign::TooShort);
        // Twenty bytes, but ten letters.
        assert_eq!(refused("^é{10}$"), BadForeign::TooShort);
        assert_eq!(refused("^(?:é|ü){19}$"), BadForeign::TooShort);
        assert!(foreign("^é{20}$").is_ok());
        assert_eq!(refused("^(ac"), BadForeign::NotAPattern);
        assert_eq!(refused("^[a-zA-Z0-9_]{44}$"), BadForeign::MatchesNative);
    }

    #[test]
    fn p12_a_text_is_looked_up_only_under_the_forms_it_fits() {
        let forms = TokenForms {
            prefix: Prefix::default(),
            foreign: vec![foreign("^ac_[0-9a-f]{40}$").expect("a good pattern")],
        };
        let old = format!(" ac_{} ", "0f".repeat(20));
        assert_eq!(
            forms.recognise(&old).map(|it| it.schemes),
            Some(vec![Scheme::Sha512])
        );
        let native = PatSecret::generate(&Prefix::default(), |bytes| bytes.fill(9));
        assert_eq!(
            forms.recognise(native.expose()).map(|it| it.schemes),
            Some(vec![Scheme::Sha256])
        );
        assert!(forms.recognise("ac_short").is_none());
        assert!(
            forms
                .recognise(&format!("ac_{}\nx", "0f".repeat(20)))
                .is_none()
        );
    }
}
