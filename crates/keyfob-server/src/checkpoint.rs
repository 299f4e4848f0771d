//! A checkpoint: what the audit log held at a moment, as a text to be kept elsewhere.
//!
//! One line for each chain, with the number and the hash of its last record; the whole is signed as a
//! [`note`] (C2SP signed-note), so that it can be read, compared and handed on as it is. A chain is
//! held against it by `keyfob_core::chain`. Deliberately absent: names, and anything that is not in the
//! heads of the chains.

use std::fmt::Write as _;

use data_encoding::HEXLOWER;
use keyfob_core::event::HASH_LENGTH;
use keyfob_core::id::OrgId;
use keyfob_core::time::Timestamp;
use uuid::Uuid;

use crate::date;

pub mod note;

/// The first line, up to the number of the form.
const TITLE: &str = "keyfob audit checkpoint ";
const FORM: &str = "1";
/// What stands in the place of a tree for the instance's own chain.
const INSTANCE: &str = "instance";

/// Why a text is no checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadCheckpoint {
    /// It begins otherwise.
    #[error("it is no checkpoint of an audit log")]
    Title,
    /// Another version of the program wrote it.
    #[error("it has a form that this version does not know")]
    Form,
    /// A line is not what belongs there.
    #[error("line {0} is not as it should be")]
    Line(usize),
}

/// The last record of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The root of the chain's tree; none: the instance's.
    pub tree: Option<OrgId>,
    /// The record's number.
    pub seq: i64,
    /// Its hash.
    pub hash: [u8; HASH_LENGTH],
}

/// What the audit log of an instance held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The database's line of history.
    pub incarnation: Uuid,
    /// When.
    pub at: Timestamp,
    /// Its chains, the instance's first, then by tree.
    pub links: Vec<Link>,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn text(&self) -> String {
        let mut text = format!("{TITLE}{FORM}\n");
        // Writing to a text does not fail.
        let _infallible = writeln!(text, "instance {}", self.incarnation);
        let _infallible = writeln!(text, "at {}", date::rfc3339(self.at));
        let _infallible = writeln!(text, "chains {}", self.links.len());
        for Link { tree, seq, hash } in &self.links {
            let tree = tree.map_or_else(|| INSTANCE.to_owned(), |tree| tree.to_string());
            let _infallible = writeln!(text, "{tree} {seq} {}", HEXLOWER.encode(hash));
        }
        text
    }

    /// Reads such a text. One checkpoint has one text: whatever would print otherwise is refused.
    ///
    /// # Errors
    /// [`BadCheckpoint`] says what is wrong.
    pub fn parse(text: &str) -> Result<Self, BadCheckpoint> {
        let mut lines = text.split('\n');
        let title = lines.next().and_then(|line| line.strip_prefix(TITLE));
        match title {
            Some(FORM) => {}
            Some(_other) => return Err(BadCheckpoint::Form),
            None => return Err(BadCheckpoint::Title),
        }
        let mut field = |number, name| {
            let line = lines.next().and_then(|line| line.strip_prefix(name));
            line.ok_or(BadCheckpoint::Line(number))
        };
        let incarnation = field(2, "instance ")?;
        let incarnation =
            Uuid::try_parse(incarnation).map_err(|_not_hex| BadCheckpoint::Line(2))?;
        let at = date::parse_rfc3339(field(3, "at ")?).ok_or(BadCheckpoint::Line(3))?;
        let count: usize = field(4, "chains ")?
            .parse()
            .map_err(|_not_a_number| BadCheckpoint::Line(4))?;
        let mut links: Vec<Link> = Vec::new();
        for (line, number) in lines.by_ref().take(count).zip(5..) {
            let link = read_link(line).ok_or(BadCheckpoint::Line(number))?;
            if links.last().is_some_and(|before| before.tree >= link.tree) {
                return Err(BadCheckpoint::Line(number));
            }
            links.push(link);
        }
        let read = Self {
            incarnation,
            at,
            links,
        };
        read.same_as(text)
    }

    /// Finds the first line that this checkpoint prints otherwise.
    fn same_as(self, text: &str) -> Result<Self, BadCheckpoint> {
        let printed = self.text();
        if printed == text {
            return Ok(self);
        }
        let pairs = printed.split('\n').zip(text.split('\n'));
        let same = pairs.take_while(|(ours, theirs)| ours == theirs).count();
        Err(BadCheckpoint::Line(same + 1))
    }
}

fn read_link(line: &str) -> Option<Link> {
    let mut words = line.split(' ');
    let tree = match words.next()? {
        INSTANCE => None,
        tree => Some(tree.parse().ok()?),
    };
    let seq = words.next()?.parse().ok().filter(|seq| *seq > 0)?;
    let hash = HEXLOWER.decode(words.next()?.as_bytes()).ok()?;
    let hash = hash.try_into().ok()?;
    words.next().is_none().then_some(Link { tree, seq, hash })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> Checkpoint {
        let tree = |number| Some(OrgId::from_uuid(Uuid::from_u128(number)));
        let link = |tree, seq, byte| Link {
            tree,
            seq,
            hash: [byte; HASH_LENGTH],
        };
        Checkpoint {
            incarnation: Uuid::from_u128(9),
            at: Timestamp::from_millis(1_800_000_000_250),
            links: vec![link(None, 12, 1), link(tree(3), 1, 2), link(tree(4), 7, 3)],
        }
    }

    #[test]
    fn a_checkpoint_is_printed_and_read_back() {
        let text = checkpoint().text();
        let hash = |byte: &str| byte.repeat(32);
        let lines = [
            "keyfob audit checkpoint 1",
            "instance 00000000-0000-0000-0000-000000000009",
            "at 2027-01-15T08:00:00.250Z",
            "chains 3",
            &format!("instance 12 {}", hash("01")),
            &format!("00000000-0000-0000-0000-000000000003 1 {}", hash("02")),
            &format!("00000000-0000-0000-0000-000000000004 7 {}", hash("03")),
            "",
        ];
        assert_eq!(text, lines.join("\n"));
        assert_eq!(Checkpoint::parse(&text), Ok(checkpoint()));
        let empty = Checkpoint {
            links: Vec::new(),
            ..checkpoint()
        };
        assert_eq!(Checkpoint::parse(&empty.text()), Ok(empty));
    }

    #[test]
    fn a_text_that_says_it_otherwise_is_refused_with_its_line() {
        let text = checkpoint().text();
        for (from, to, wrong) in [
            ("keyfob audit", "keyfob", BadCheckpoint::Title),
            ("checkpoint 1", "checkpoint 2", BadCheckpoint::Form),
            ("checkpoint 1", "checkpoint 1 ", BadCheckpoint::Form),
            ("instance 0", "instance {0", BadCheckpoint::Line(2)),
            ("at 2027", "at 20270", BadCheckpoint::Line(3)),
            (".250Z", ".25Z", BadCheckpoint::Line(3)),
            ("chains 3", "chains 2", BadCheckpoint::Line(7)),
            ("chains 3", "chains 4", BadCheckpoint::Line(8)),
            ("chains 3", "chains +3", BadCheckpoint::Line(4)),
            (" 12 ", " 0 ", BadCheckpoint::Line(5)),
            (" 12 ", " 012 ", BadCheckpoint::Line(5)),
            (" 12 01", " 12 ", BadCheckpoint::Line(5)),
            ("3 1 ", "3 1  ", BadCheckpoint::Line(6)),
            ("000000000003 1", "000000000004 1", BadCheckpoint::Line(7)),
            ("000000000004 7", "000000000001 7", BadCheckpoint::Line(7)),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text, "{from}");
            assert_eq!(Checkpoint::parse(&changed), Err(wrong), "{from} as {to}");
        }
        let longer = format!("{text}\n");
        assert!(Checkpoint::parse(&longer).is_err());
        let shorter = text.trim_end();
        assert!(Checkpoint::parse(shorter).is_err());
    }
}
