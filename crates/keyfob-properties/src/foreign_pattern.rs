//! The pattern of a foreign token, as the configuration gives it (contract P12).

use keyfob_core::foreign::{FOREIGN_MAX, FOREIGN_MIN, Foreign, TokenForms};
use keyfob_core::secret::{Prefix, Scheme};
use regex_syntax::hir::{Class, ClassUnicodeRange, Hir, HirKind};

/// Longer samples are not made.
const SAMPLE_MAX: usize = 2 * FOREIGN_MAX;

/// A pattern that is taken matches no text that could be guessed, none that is huge, and only as a
/// whole. Behind the first line of the input stand texts to try.
pub fn holds(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (pattern, texts) = text.split_once('\n').unwrap_or((&text, ""));
    let prefix = Prefix::default();
    let foreign = Foreign::new("old".to_owned(), pattern, Scheme::Sha512, &prefix);
    let Ok(foreign) = foreign else { return };
    let forms = TokenForms {
        prefix,
        foreign: vec![foreign],
    };
    let mut sample = String::new();
    let tree = regex_syntax::parse(pattern).expect("what was taken is a pattern");
    shortest(&tree, &mut sample);
    for text in texts.lines().chain([sample.as_str()]) {
        let Some(presented) = forms.recognise(text) else {
            continue;
        };
        let length = text.trim().chars().count();
        assert!(length >= FOREIGN_MIN, "{text:?} can be guessed");
        assert!(text.trim().len() <= FOREIGN_MAX);
        assert_eq!(presented.schemes.len(), 1);
        assert_eq!(presented.secret.expose(), text.trim());
    }
}

/// Appends one of the shortest texts that a pattern matches; of a hopeless one something else.
fn shortest(tree: &Hir, sample: &mut String) {
    if sample.len() > SAMPLE_MAX {
        return;
    }
    match tree.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => sample.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(Class::Unicode(class)) => {
            // The widest letter: in bytes it is the longest.
            sample.extend(class.ranges().last().map(ClassUnicodeRange::end));
        }
        HirKind::Class(Class::Bytes(class)) => {
            sample.extend(class.ranges().first().map(|range| char::from(range.start())));
        }
        HirKind::Repetition(repetition) => {
            for _time in 0..repetition.min.min(1_000) {
                shortest(&repetition.sub, sample);
            }
        }
        HirKind::Capture(capture) => shortest(&capture.sub, sample),
        HirKind::Concat(parts) => parts.iter().for_each(|part| shortest(part, sample)),
        HirKind::Alternation(choices) => {
            let made = choices.iter().map(|choice| {
                let mut sample = String::new();
                shortest(choice, &mut sample);
                sample
            });
            let least = made.min_by_key(|sample| sample.chars().count());
            sample.extend(least);
        }
    }
}
