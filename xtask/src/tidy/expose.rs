//! Every place that reads a secret in the open is listed.
//!
//! A token's secret is opaque; the one way to its text is `expose`. Comments and
//! tests do not count: unit tests are the last thing in a file of ours or a file
//! `…tests.rs`, and the folder `tests` holds no secret that matters.

use super::allow::{List, Measure};
use super::tree::{Finding, SourceFile, Tree};

const LIST: List = List {
    path: "xtask/allow/expose.txt",
    what: "reads of a secret in the open",
    remedy: "pass the secret or its digest on; if the text is needed here, list it with the reason",
};

/// It sees that no secret is told, and ships with nothing.
const NEVER_SHIPPED: &str = "crates/keyfob-properties/";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let is_shipped = |file: &&SourceFile| {
        file.path.contains("/src/")
            && file.is(&["rs"])
            && !file.path.ends_with("tests.rs")
            && !file.path.starts_with(NEVER_SHIPPED)
    };
    let measures: Vec<_> = tree
        .under("crates/")
        .filter(is_shipped)
        .filter_map(measure)
        .collect();
    LIST.compare(tree, &measures)
}

fn measure(file: &SourceFile) -> Option<Measure<'_>> {
    let places: Vec<usize> = file
        .lines()
        .take_while(|(_, text)| *text != "#[cfg(test)]")
        .filter(|(_, text)| !text.trim_start().starts_with("//"))
        .flat_map(|(line, text)| std::iter::repeat_n(line, reads(text)))
        .collect();
    let line = *places.first()?;
    Some(Measure {
        file,
        number: places.len(),
        line,
    })
}

/// How often `expose` is called or named as a function in a line.
fn reads(text: &str) -> usize {
    let as_method = text.split(".expose").skip(1);
    let as_function = text.split("::expose").skip(1);
    let ends_there =
        |rest: &&str| !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_');
    as_method.chain(as_function).filter(ends_there).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Vec<Finding> {
        check(&Tree::of([("crates/a/src/b.rs", text), (LIST.path, "")]))
    }

    #[test]
    fn a_call_and_a_function_name_count() {
        assert_eq!(
            findings("fn f() {\n    pat.expose();\n}")
                .first()
                .map(|found| found.line),
            Some(2)
        );
        assert_eq!(findings("secrets.map(PatSecret::expose)").len(), 1);
    }

    #[test]
    fn the_definition_comments_tests_and_other_names_do_not() {
        let text = "fn expose(&self) -> &str { &self.0 }\n// pat.expose()\npat.exposed();\n\
                    #[cfg(test)]\nmod tests { fn f() { pat.expose(); } }";
        assert_eq!(findings(text), []);
    }

    #[test]
    fn only_shipped_code_is_looked_at() {
        for path in [
            "crates/a/tests/b.rs",
            "crates/a/src/b_tests.rs",
            "crates/keyfob-properties/src/b.rs",
            "examples/b.rs",
        ] {
            assert_eq!(
                check(&Tree::of([(path, "pat.expose()"), (LIST.path, "")])),
                []
            );
        }
    }
}
