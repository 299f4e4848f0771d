//! What an import did, in numbers and in words.

use std::fmt;

use super::reason::Reason;

/// How many bad lines are told one by one; of the others only the number.
pub const BAD_LINES_TOLD: usize = 100;

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An organization.
    Organization,
    /// A user.
    User,
    /// A direct membership.
    Membership,
    /// A personal API token.
    Token,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 4] = [
        Self::Organization,
        Self::User,
        Self::Membership,
        Self::Token,
    ];

    /// The kind that `type` names.
    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::User => "user",
            Self::Membership => "membership",
            Self::Token => "token",
        }
    }
}

/// What became of the lines of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// They made something.
    pub created: u64,
    /// It was there already, just so.
    pub unchanged: u64,
    /// It was ended here (revoked, ended, suspended, deleted), and stays so.
    pub ended_here: u64,
    /// They were bad.
    pub bad: u64,
}

/// A line that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// Its number, from 1.
    pub number: u64,
    /// Why.
    pub reason: Reason,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.number, self.reason)
    }
}

/// What an import did. `Display` says it in words, a line for each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Organizations.
    pub organizations: Counts,
    /// Users.
    pub users: Counts,
    /// Memberships.
    pub memberships: Counts,
    /// Tokens.
    pub tokens: Counts,
    /// Lines of which not even the kind could be told.
    pub unreadable: u64,
    /// The first [`BAD_LINES_TOLD`] bad lines.
    pub bad_lines: Vec<BadLine>,
    /// Whether anything was kept. If not, what is counted as created would have been.
    pub is_kept: bool,
}

/// What becomes of a good line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Created,
    Unchanged,
    EndedHere,
}

impl Summary {
    /// How many lines were bad.
    pub fn bad(&self) -> u64 {
        self.counts()
            .iter()
            .map(|(_kind, counts)| counts.bad)
            .sum::<u64>()
            + self.unreadable
    }

    /// The counts of each kind, in the order of [`Kind::ALL`].
    pub fn counts(&self) -> [(Kind, Counts); 4] {
        [
            (Kind::Organization, self.organizations),
            (Kind::User, self.users),
            (Kind::Membership, self.memberships),
            (Kind::Token, self.tokens),
        ]
    }

    fn of(&mut self, kind: Kind) -> &mut Counts {
        match kind {
            Kind::Organization => &mut self.organizations,
            Kind::User => &mut self.users,
            Kind::Membership => &mut self.memberships,
            Kind::Token => &mut self.tokens,
        }
    }

    pub(super) fn count(&mut self, kind: Kind, outcome: Outcome) {
        let counts = self.of(kind);
        match outcome {
            Outcome::Created => counts.created += 1,
            Outcome::Unchanged => counts.unchanged += 1,
            Outcome::EndedHere => counts.ended_here += 1,
        }
    }

    pub(super) fn count_bad(&mut self, kind: Option<Kind>, line: BadLine) {
        match kind {
            Some(kind) => self.of(kind).bad += 1,
            None => self.unreadable += 1,
        }
        if self.bad_lines.len() < BAD_LINES_TOLD {
            self.bad_lines.push(line);
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let created = if self.is_kept {
            "created"
        } else {
            "would have been created"
        };
        for (kind, counts) in self.counts() {
            let Counts {
                created: number,
                unchanged,
                ended_here,
                bad,
            } = counts;
            writeln!(
                f,
                "{}s: {number} {created}, {unchanged} unchanged, {ended_here} ended here, {bad} bad",
                kind.word()
            )?;
        }
        if self.unreadable > 0 {
            writeln!(f, "lines that cannot be read: {}", self.unreadable)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_says_each_kind_in_words() {
        let mut summary = Summary {
            is_kept: true,
            ..Summary::default()
        };
        summary.count(Kind::User, Outcome::Created);
        summary.count(Kind::User, Outcome::EndedHere);
        summary.count(Kind::Token, Outcome::Unchanged);
        summary.count_bad(
            None,
            BadLine {
                number: 3,
                reason: Reason::Type,
            },
        );
        let words = "organizations: 0 created, 0 unchanged, 0 ended here, 0 bad\n\
                     users: 1 created, 0 unchanged, 1 ended here, 0 bad\n\
                     memberships: 0 created, 0 unchanged, 0 ended here, 0 bad\n\
                     tokens: 0 created, 1 unchanged, 0 ended here, 0 bad\n\
                     lines that cannot be read: 1\n";
        assert_eq!(summary.to_string(), words);
        summary.is_kept = false;
        assert!(
            summary
                .to_string()
                .contains("users: 1 would have been created")
        );
    }

    #[test]
    fn only_the_first_hundred_bad_lines_are_told() {
        let mut summary = Summary::default();
        for number in 1..=150 {
            summary.count_bad(
                Some(Kind::Token),
                BadLine {
                    number,
                    reason: Reason::Date,
                },
            );
        }
        assert_eq!((summary.bad(), summary.bad_lines.len()), (150, 100));
        assert!(
            summary.bad_lines[99]
                .to_string()
                .starts_with("line 100: `expiresDate` must be")
        );
    }
}
