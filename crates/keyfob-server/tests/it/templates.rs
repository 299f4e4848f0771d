//! D7: texts are in one file, so templates have none; and what a page loads is small.

use std::fs;
use std::path::{Path, PathBuf};

/// Why a template may hold text.
const EXCEPTIONS: [(&str, &str); 1] = [(
    "errors.html",
    "a document for programmers, generated from the codes, in the one language of the API",
)];

/// Attributes that a person reads or hears.
const SPOKEN: [&str; 5] = [
    "aria-label",
    "aria-description",
    "placeholder",
    "title",
    "alt",
];

/// Most bytes of style and script together.
const ASSETS_MAX: u64 = 60 * 1024;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Every file below a folder, by its name there.
fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            files(&entry.path(), into);
        } else {
            into.push(entry.path());
        }
    }
}

/// A text without what stands between two marks, the marks too.
fn without(text: &str, open: &str, close: &str) -> String {
    let mut pieces = text.split(open);
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |kept, piece| match piece.split_once(close) {
        Some((_inside, after)) => kept + after,
        None => kept,
    })
}

/// What a template says by itself: its text, and its spoken attributes.
fn said(template: &str) -> Vec<String> {
    let bare = [("{#", "#}"), ("{{", "}}"), ("{%", "%}")]
        .iter()
        .fold(template.to_owned(), |text, (open, close)| {
            without(&text, open, close)
        });
    // A command is the same in every language.
    let bare = without(&without(&bare, "<pre", "</pre>"), "<code>-d", "</code>");
    let mut said: Vec<String> = Vec::new();
    for piece in bare.split('<').skip(1) {
        let (tag, after) = piece.split_once('>').unwrap_or((piece, ""));
        let spoken = SPOKEN.iter().filter_map(|name| {
            let (_before, rest) = tag.split_once(&format!(" {name}=\""))?;
            rest.split_once('"').map(|(value, _after)| value)
        });
        let texts = spoken
            .chain([without(after, "&", ";").as_str()])
            .map(str::to_owned)
            .collect::<Vec<_>>();
        said.extend(
            texts
                .into_iter()
                .filter(|text| text.contains(char::is_alphabetic)),
        );
    }
    said
}

#[test]
fn d7_templates_hold_no_text_of_their_own() {
    let mut templates = Vec::new();
    files(&folder("templates"), &mut templates);
    assert!(templates.len() > 10, "{templates:?}");
    let is_excepted = |path: &&PathBuf| {
        let name = path.file_name().unwrap();
        EXCEPTIONS.iter().any(|(excepted, _why)| name == *excepted)
    };
    let (excepted, held): (Vec<&PathBuf>, Vec<&PathBuf>) = templates.iter().partition(is_excepted);
    for path in held {
        let found = said(&fs::read_to_string(path).unwrap());
        assert_eq!(found, [""; 0], "{}", path.display());
    }
    for path in excepted {
        assert!(
            !said(&fs::read_to_string(path).unwrap()).is_empty(),
            "no exception is needed"
        );
    }
}

#[test]
fn text_in_a_template_would_be_found() {
    for (template, found) in [
        ("<p>{{ say::HELLO }}</p>", vec![]),
        ("<p>{# a remark #}{% if a %} · {% endif %}&amp;</p>", vec![]),
        ("<p>Hello</p>", vec!["Hello"]),
        ("<p>{{ name }} is here</p>", vec![" is here"]),
        (r#"<input placeholder="Find" name="q">"#, vec!["Find"]),
        (
            r#"<nav aria-label="{{ say::MENU }}" title="Menu">"#,
            vec!["Menu"],
        ),
        ("<pre id=\"curl\">curl -s</pre>", vec![]),
    ] {
        assert_eq!(said(template), found, "{template}");
    }
}

#[test]
fn d7_style_and_script_are_small() {
    let mut assets = Vec::new();
    files(&folder("assets"), &mut assets);
    let is_counted = |path: &&PathBuf| path.extension().is_some_and(|it| it == "css" || it == "js");
    let sizes = assets
        .iter()
        .filter(is_counted)
        .map(|path| fs::metadata(path).unwrap().len());
    let sizes: Vec<u64> = sizes.collect();
    assert!(
        sizes.len() >= 2 && sizes.iter().sum::<u64>() < ASSETS_MAX,
        "{sizes:?}"
    );
}
