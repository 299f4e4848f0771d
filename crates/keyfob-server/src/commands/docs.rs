//! `keyfobd docs DIR`: the documents that are made from the program, so that they cannot be out of date.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::cli::FLAGS;
use crate::config::DEFAULTS;
use crate::http::openapi;
use crate::http::problem::registry;

/// Writes `errors.md`, `configuration.md` and `openapi.json`.
pub(crate) fn write(dir: &Path) -> anyhow::Result<()> {
    for (name, text) in [
        ("errors.md", registry::markdown()),
        ("configuration.md", configuration()),
        ("openapi.json", openapi::text().to_owned()),
    ] {
        let path = dir.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

const HEAD: &str = "# Configuration

Made by `cargo xtask docs` from the server's own defaults; do not edit.

`keyfobd config defaults` prints a complete configuration file with these defaults, and `keyfobd config
check` says what a configuration means. There are four layers, the later over the earlier:

1. the defaults, which are compiled in;
2. a file in TOML, given by `--config FILE`, which names only what differs;
3. environment variables: `KEYFOB__`, then section and key in upper case with two underscores between;
4. flags of the command line.

A key that does not exist is refused in each of them. A time is a whole number with a unit: `s`, `m`, `h`
or `d`, as in `90s`, `15m`, `12h`, `30d`.
";

/// `docs/configuration.md`, from the comments of the defaults.
fn configuration() -> String {
    let mut text = HEAD.to_owned();
    let mut section = "";
    let mut comment: Vec<&str> = Vec::new();
    for line in DEFAULTS.lines() {
        match Line::of(line) {
            Line::Empty => comment.clear(),
            Line::Prose(prose) => comment.push(prose),
            Line::Section(name) => {
                section = name;
                // Writing into a `String` does not fail.
                writeln!(text, "\n## `[{section}]`").unwrap_or_default();
                if !comment.is_empty() {
                    writeln!(text, "\n{}", comment.join("\n")).unwrap_or_default();
                }
            }
            Line::Key {
                name,
                value,
                is_set,
            } => {
                let entry = Entry {
                    section,
                    name,
                    value,
                    is_set,
                    comment: &comment,
                };
                entry.write(&mut text);
            }
        }
    }
    text
}

/// A line of the defaults.
enum Line<'l> {
    Empty,
    Prose(&'l str),
    Section(&'l str),
    Key {
        name: &'l str,
        value: &'l str,
        /// Whether it is there by default, and not commented out.
        is_set: bool,
    },
}

impl<'l> Line<'l> {
    fn of(line: &'l str) -> Self {
        let (rest, is_set) = match line.strip_prefix('#') {
            Some(rest) => (rest.trim_start(), false),
            None => (line, true),
        };
        if rest.is_empty() {
            return Self::Empty;
        }
        let section = rest
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        if let Some(section) = section {
            return Self::Section(section);
        }
        let is_name = |name: &str| {
            name.bytes()
                .all(|letter| letter.is_ascii_lowercase() || letter == b'_')
        };
        match rest.split_once(" = ") {
            Some((name, value)) if is_name(name) => Self::Key {
                name,
                value,
                is_set,
            },
            Some(_) | None => Self::Prose(rest),
        }
    }
}

/// A key with what is written about it.
struct Entry<'d> {
    section: &'d str,
    name: &'d str,
    value: &'d str,
    is_set: bool,
    comment: &'d [&'d str],
}

impl Entry<'_> {
    fn key(&self) -> String {
        match self.section {
            "" => self.name.to_owned(),
            section => format!("{section}.{}", self.name),
        }
    }

    fn write(&self, text: &mut String) {
        let key = self.key();
        let default = if self.is_set {
            "Default"
        } else {
            "No default; for example"
        };
        let variable = format!("KEYFOB__{}", key.replace('.', "__").to_ascii_uppercase());
        let flag = FLAGS.iter().find(|(_flag, named)| *named == key);
        let flag = flag.map_or_else(String::new, |(flag, _key)| format!(" Flag: `{flag}`."));
        let (value, comment) = (self.value, self.comment.join("\n"));
        let entry = format!(
            "\n### `{key}`\n\n{comment}\n\n{default}: `{value}`. Variable: `{variable}`.{flag}\n"
        );
        text.push_str(&entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_its_entry_with_the_ways_to_set_it() {
        let text = configuration();
        let entry = "### `http.listen`\n\nThe address and port to listen on.\n\n\
                     Default: `\"127.0.0.1:8787\"`. Variable: `KEYFOB__HTTP__LISTEN`. Flag: `--listen`.\n";
        assert!(text.contains(entry), "{text}");
        assert!(text.contains("### `data_dir`\n"));
        assert!(text.contains("### `policy.pat_expiry_max`\n"));
        assert!(text.contains(
            "No default; for example: `\"365d\"`. Variable: `KEYFOB__POLICY__PAT_EXPIRY_MAX`."
        ));
        assert!(text.contains("### `tokens.foreign.old.pattern`\n"));
        let keys = DEFAULTS
            .lines()
            .filter(|line| matches!(Line::of(line), Line::Key { .. }))
            .count();
        assert_eq!(text.matches("\n### `").count(), keys);
        for (_flag, key) in FLAGS {
            assert!(text.contains(&format!("### `{key}`\n")), "{key}");
        }
        assert!(!text.contains("\n\n\n"), "no entry is without its comment");
    }

    #[test]
    fn all_documents_are_written() {
        let dir = tempfile::tempdir().expect("a folder");
        write(dir.path()).expect("written");
        for name in ["errors.md", "configuration.md"] {
            let text = fs::read_to_string(dir.path().join(name)).expect("there");
            assert!(text.starts_with("# ") && text.ends_with('\n'), "{name}");
        }
        let described = fs::read_to_string(dir.path().join("openapi.json")).expect("there");
        assert_eq!(described, openapi::text());
        assert!(write(&dir.path().join("nowhere")).is_err());
    }
}
