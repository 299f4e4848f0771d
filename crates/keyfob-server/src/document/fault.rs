//! What is wrong with a member of a document, without its value.

use std::fmt;

/// Names longer than this are not repeated in an error.
const NAME_MAX: usize = 64;

/// A member that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The steps to it, the innermost first; what raises an error knows nothing of what is around it.
    steps: Vec<Step>,
    kind: FaultKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Member(String),
    Item(usize),
}

/// What is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// Nobody reads it.
    Unknown {
        /// What is read there.
        known: &'static [&'static str],
    },
    /// It has to be there.
    Missing,
    /// It has another type or form than the one expected.
    Expected(String),
}

impl Fault {
    /// What is wrong.
    pub fn kind(&self) -> &FaultKind {
        &self.kind
    }

    /// The place, such as `lines[1].item`; empty for the whole document, and where a name has letters
    /// that are better not repeated.
    pub fn path(&self) -> String {
        let is_odd = |step: &Step| matches!(step, Step::Member(name) if !is_plain(name));
        if self.steps.iter().any(is_odd) {
            return String::new();
        }
        let steps = self.steps.iter().rev().map(|step| match step {
            Step::Member(name) => format!(".{name}"),
            Step::Item(index) => format!("[{index}]"),
        });
        let path: String = steps.collect();
        path.trim_start_matches('.').to_owned()
    }

    /// Says that it happened inside that member.
    #[must_use]
    pub(super) fn in_member(mut self, name: &str) -> Self {
        self.steps.push(Step::Member(name.to_owned()));
        self
    }

    /// Says that it happened inside that item of a list, counted from 0.
    #[must_use]
    pub(super) fn in_item(mut self, index: usize) -> Self {
        self.steps.push(Step::Item(index));
        self
    }

    /// Says in words what serde says in Rust.
    fn expected(what: &str) -> Self {
        let words = match what {
            "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative",
            "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
            "a boolean" => "true or false",
            "a string" => "a text",
            "a sequence" => "a list",
            "a map" => "an object with named members",
            other => other,
        };
        Self::here(FaultKind::Expected(words.to_owned()))
    }

    fn here(kind: FaultKind) -> Self {
        Self {
            steps: Vec::new(),
            kind,
        }
    }
}

fn is_plain(name: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    (1..=NAME_MAX).contains(&name.len()) && name.chars().all(is_letter)
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path();
        if !path.is_empty() {
            write!(f, "`{path}`")?;
        } else if self.steps.is_empty() {
            f.write_str("the document")?;
        } else {
            f.write_str("a member")?;
        }
        let verb = match self.kind {
            FaultKind::Unknown { .. } | FaultKind::Missing => "is ",
            FaultKind::Expected(_) => "",
        };
        write!(f, " {verb}{}", self.kind)
    }
}

impl std::error::Error for Fault {}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { known } => write!(f, "not known; known here: {}", known.join(", ")),
            Self::Missing => f.write_str("missing"),
            Self::Expected(what) => write!(f, "must be {what}"),
        }
    }
}

impl serde::de::Error for Fault {
    /// Leaves the message out: a type's own message may repeat the value.
    fn custom<T: fmt::Display>(_message: T) -> Self {
        Self::here(FaultKind::Expected("of another form".to_owned()))
    }

    fn invalid_type(_found: serde::de::Unexpected<'_>, expected: &dyn serde::de::Expected) -> Self {
        Self::expected(&expected.to_string())
    }

    fn invalid_value(
        _found: serde::de::Unexpected<'_>,
        expected: &dyn serde::de::Expected,
    ) -> Self {
        Self::expected(&expected.to_string())
    }

    fn invalid_length(_length: usize, expected: &dyn serde::de::Expected) -> Self {
        Self::expected(&expected.to_string())
    }

    fn unknown_variant(_variant: &str, expected: &'static [&'static str]) -> Self {
        Self::here(FaultKind::Expected(format!(
            "one of: {}",
            expected.join(", ")
        )))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::here(FaultKind::Unknown { known: expected }).in_member(field)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::here(FaultKind::Missing).in_member(field)
    }
}
