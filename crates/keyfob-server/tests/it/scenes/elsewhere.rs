//! The pages of other servers: a demo, one that sends mail, one in which nobody is.

use super::Step::{Fill, Press, See};
use super::{MOBILE, Scene, for_nobody, scene};

/// The pages of a demo.
pub(crate) const DEMO: &[Scene] = &[
    for_nobody("who to be", "/demo"),
    scene("the strip", "bo", MOBILE),
];

/// The pages of a server that sends mail.
pub(crate) const MAIL: &[Scene] = &[
    for_nobody("sign-in, with mail", "/sign-in"),
    for_nobody("a forgotten password", "/forgotten"),
    for_nobody("a forgotten password, refused", "/forgotten")
        .then(&[
            Fill("#em", "bo@acme"),
            Press("form.fields .btn-primary"),
            See("#em-e"),
        ])
        .answered(422),
    for_nobody("a link on its way", "/forgotten").then(&[
        Fill("#em", "ben@acme.example"),
        Press("form.fields .btn-primary"),
        See(".empty"),
    ]),
    for_nobody("another password", "{link}"),
    for_nobody("another password, refused", "{link}")
        .then(&[
            Fill("#new", "four words and a half"),
            Fill("#again", "four words and a quarter"),
            Press("form.fields .btn-primary"),
            See("#again-e"),
        ])
        .answered(422),
];

/// The pages of a server in which nobody is, by the link that was shown.
pub(crate) const SET_UP: &[Scene] = &[
    for_nobody("the first account", "{link}"),
    for_nobody("the first account, refused", "{link}")
        .then(&[
            Fill("#fn", "Ana Lima"),
            Fill("#em", "ana@acme.example"),
            Fill("#pw", "aaaaaaaaaaaa"),
            Fill("#on", " "),
            Press("form.fields .btn-primary"),
            See(".error"),
        ])
        .answered(422),
];
