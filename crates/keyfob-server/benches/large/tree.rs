//! The tree and its people.

use std::fmt::Write as _;

/// How many organizations each level has, the root's first: 100,000 together.
pub(super) const LEVELS: [usize; 16] = [
    1, 20, 400, 4_000, 15_000, 25_000, 20_000, 15_000, 9_000, 5_000, 3_000, 1_800, 1_000, 500, 200,
    79,
];
pub(super) const MEMBERSHIPS: usize = 10_000;
/// A member of the root, of every level of one path, and of others.
pub(super) const ANA: &str = "ana@large.example";
/// As many memberships, none of them at the root.
pub(super) const BO: &str = "bo@large.example";
/// The owner of the root, and nothing else.
pub(super) const CEM: &str = "cem@large.example";
pub(super) const PASSWORD: &str = "correct horse";
/// The tree and its people, as lines of an import. The first organization of each level lies below the
/// first of the level above, so that one path leads through all of them.
pub(super) fn lines() -> String {
    let mut text = String::new();
    let mut line = |text_of_it: std::fmt::Arguments<'_>| {
        text.write_fmt(text_of_it).expect("a text");
        text.push('\n');
    };
    let (mut above, mut first) = (0..0, 0);
    for (depth, count) in LEVELS.into_iter().enumerate() {
        for index in 0..count {
            let number = first + index;
            let parent = match above.len() {
                0 => String::new(),
                // Some have many below them, most have few, and many have none.
                size => {
                    let spread = index.wrapping_mul(index) / 7 + index;
                    let parent = above.start + spread % size;
                    format!(r#","parent":"ext:o{parent}""#)
                }
            };
            line(format_args!(
                r#"{{"type":"organization","externalId":"o{number}","name":"Team {depth}-{number}"{parent}}}"#
            ));
        }
        above = first..first + count;
        first += count;
    }
    let user = |email| {
        format!(
            r#"{{"type":"user","email":"{email}","fullName":"Somebody","password":"{PASSWORD}"}}"#
        )
    };
    for email in [ANA, BO, CEM] {
        line(format_args!("{}", user(email)));
    }
    let mut member = |email, organization: usize, roles| {
        line(format_args!(
            r#"{{"type":"membership","user":"{email}","organization":"ext:o{organization}","roles":["{roles}"]}}"#
        ));
    };
    member(CEM, 0, "owner");
    let path: Vec<usize> = path().collect();
    for organization in &path {
        member(ANA, *organization, "manage-build");
    }
    let others = (0..).map(|number| 2 + number * 9);
    let others = others.filter(|number| !path.contains(number));
    for organization in others.take(MEMBERSHIPS - path.len()) {
        member(ANA, organization, "operate-store");
    }
    for number in 0..MEMBERSHIPS {
        member(BO, 3 + number * 9, "manage-organization");
    }
    text
}

/// The first organization of each level.
pub(super) fn path() -> impl Iterator<Item = usize> {
    LEVELS.into_iter().scan(0, |next, count| {
        let first = *next;
        *next += count;
        Some(first)
    })
}
