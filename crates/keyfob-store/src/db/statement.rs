//! A statement: its name, for logs, and its text, written once for both engines.

use std::sync::OnceLock;

/// One SQL statement with parameters `$1` to `$n`.
///
/// Statements are statics, made by `statements!`, so that a test can prepare each of them on both
/// engines. No statement is put together at run time.
#[derive(Debug)]
pub struct Statement {
    name: &'static str,
    text: &'static str,
    /// The same text with `?1` to `?n`: SQLite takes `$1` for a *name* and would number it by its
    /// first appearance.
    question_marks: OnceLock<String>,
    is_query: bool,
}

impl Statement {
    pub(crate) const fn new(name: &'static str, text: &'static str) -> Statement {
        let is_query = starts_with_word(text, b"SELECT") || starts_with_word(text, b"WITH");
        Statement {
            name,
            text,
            question_marks: OnceLock::new(),
            is_query,
        }
    }

    /// What it is called in the program.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The text with `$1` to `$n`.
    pub(crate) fn dollars(&self) -> &'static str {
        self.text
    }

    /// The text with `?1` to `?n`.
    pub(crate) fn question_marks(&self) -> &str {
        self.question_marks
            .get_or_init(|| dollars_to_question_marks(self.text))
    }

    /// Whether it begins as a statement that only reads.
    pub(crate) fn is_query(&self) -> bool {
        self.is_query
    }
}

/// Makes a static [`Statement`] of each `NAME = "sql";` and lists them all as `STATEMENTS`.
macro_rules! statements {
    ($($(#[$meta:meta])* $name:ident = $text:expr;)+) => {
        $(
            $(#[$meta])*
            pub(crate) static $name: $crate::db::Statement = $crate::db::Statement::new(
                concat!(module_path!(), "::", stringify!($name)),
                $text,
            );
        )+
        /// Every statement of this module.
        pub(crate) static STATEMENTS: &[&$crate::db::Statement] = &[$(&$name),+];
    };
}
pub(crate) use statements;

fn dollars_to_question_marks(text: &str) -> String {
    let mut converted = String::with_capacity(text.len());
    let mut in_literal = false;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        // A doubled quote inside a literal toggles twice, which is right.
        in_literal ^= c == '\'';
        let is_parameter = c == '$' && !in_literal && rest.peek().is_some_and(char::is_ascii_digit);
        converted.push(if is_parameter { '?' } else { c });
    }
    converted
}

const fn starts_with_word(text: &str, word: &[u8]) -> bool {
    match text
        .as_bytes()
        .trim_ascii_start()
        .split_at_checked(word.len())
    {
        Some((start, _)) => start.eq_ignore_ascii_case(word),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    statements! {
        /// Parameters out of order, one of them twice, and a literal that looks like one.
        FIND = "SELECT a FROM t WHERE b = $2 AND c = $1 AND d <> '$3''$4' AND e = $2 OR f = $12";
        CHANGE = "UPDATE t SET a = $1";
    }

    #[test]
    fn parameters_keep_their_numbers_and_literals_their_text() {
        assert_eq!(
            FIND.question_marks(),
            "SELECT a FROM t WHERE b = ?2 AND c = ?1 AND d <> '$3''$4' AND e = ?2 OR f = ?12"
        );
    }

    #[test]
    fn a_statement_knows_its_name_and_whether_it_only_reads() {
        assert_eq!(CHANGE.name(), "keyfob_store::db::statement::tests::CHANGE");
        assert!(FIND.is_query());
        assert!(!CHANGE.is_query());
        assert!(Statement::new("w", "\n  with x AS (SELECT 1) SELECT * FROM x").is_query());
    }

    #[test]
    fn the_list_holds_every_statement_in_order() {
        let names: Vec<&str> = STATEMENTS.iter().map(|s| s.dollars()).collect();
        assert_eq!(names, [FIND.dollars(), CHANGE.dollars()]);
    }
}
