//! A secret that is planted into inputs, to see whether it is told afterwards.

use std::error::Error;

/// The secret. With its space it is no plain name of a member, which errors may repeat.
pub(crate) const SECRET: &str = "hunter2 hunter2";
/// What is looked for: half of it is a leak, too.
const PIECE: &str = "hunter2";

/// The input as a text, with the secret at every `~`. None for one that holds a piece of it already.
pub(crate) fn planted(data: &[u8]) -> Option<String> {
    plain(data).map(|text| text.replace('~', SECRET))
}

/// The same with the secret at the first `~` only.
pub(crate) fn planted_once(data: &[u8]) -> Option<String> {
    plain(data).map(|text| text.replacen('~', SECRET, 1))
}

/// The input as a text in which no secret is.
pub(crate) fn plain(data: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(data).into_owned();
    (!is_told(&text)).then_some(text)
}

/// Whether a text tells the secret.
pub(crate) fn is_told(text: &str) -> bool {
    text.contains(PIECE)
}

/// An error with everything that led to it.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut told = format!("{error} {error:?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        told = format!("{told}: {error} {error:?}");
        cause = error.source();
    }
    told
}
