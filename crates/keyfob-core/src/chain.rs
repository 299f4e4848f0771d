//! Checking a chain of the audit log: that no record was changed, taken out, put in, or cut off.
//!
//! What a chain alone cannot show is a cut of its end together with its head, or that all of it was written
//! anew: that takes a copy of a link kept elsewhere, which a checkpoint is.

use std::collections::BTreeMap;

use crate::event::{CHAIN_START, HASH_LENGTH, LinkedRecord};

/// What is wrong with a chain, at the first record at which something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A record is not there.
    #[error("record {0} is missing")]
    Missing(i64),
    /// A record is not linked to the one before.
    #[error("record {0} is not linked to the one before it")]
    NotLinked(i64),
    /// A record is not what was written.
    #[error("record {0} was changed")]
    Changed(i64),
    /// The chain ends elsewhere than its head says.
    #[error("the chain ends with record {last}, and its head says {head}")]
    Cut {
        /// The last record that is there; 0: none.
        last: i64,
        /// The last that was written.
        head: i64,
    },
    /// There are records and no head.
    #[error("the head of the chain is missing")]
    NoHead,
    /// There is neither a record nor a head.
    #[error("the chain is missing")]
    NoChain,
    /// The chain fits together, but is not the one of which a checkpoint was made.
    #[error("record {0} is not the one that a checkpoint holds")]
    Replaced(i64),
    /// The chain ends with its head before a record that a checkpoint holds.
    #[error("the chain ends with record {last}, and a checkpoint holds record {held}")]
    Short {
        /// The last record that is there.
        last: i64,
        /// The first missing one that a checkpoint holds.
        held: i64,
    },
}

/// Links of a chain that checkpoints hold, by their records' numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeldLinks(BTreeMap<i64, [u8; HASH_LENGTH]>);

impl HeldLinks {
    /// Adds what one more checkpoint holds. False if another holds a different link of the same record: one
    /// of the two is of another line of history, and no chain has both.
    pub fn add(&mut self, seq: i64, hash: [u8; HASH_LENGTH]) -> bool {
        *self.0.entry(seq).or_insert(hash) == hash
    }
}

/// A check that goes along a chain, record by record from the first.
#[derive(Debug, Clone)]
pub struct ChainCheck {
    last: i64,
    hash: Vec<u8>,
    held: HeldLinks,
}

impl Default for ChainCheck {
    fn default() -> Self {
        Self {
            last: 0,
            hash: CHAIN_START.to_vec(),
            held: HeldLinks::default(),
        }
    }
}

impl ChainCheck {
    /// A check that asks for the links that checkpoints hold as well.
    pub fn against(held: HeldLinks) -> Self {
        Self {
            held,
            ..Self::default()
        }
    }

    /// How many records were checked.
    pub fn count(&self) -> i64 {
        self.last
    }

    /// Checks the next record, with the two hashes that are stored with it.
    ///
    /// # Errors
    /// [`Broken`] says what is wrong with it.
    pub fn next(
        &mut self,
        record: &LinkedRecord<'_>,
        previous_hash: &[u8],
        hash: &[u8],
    ) -> Result<(), Broken> {
        let wanted = self.last + 1;
        if record.seq != wanted {
            return Err(Broken::Missing(wanted));
        }
        if previous_hash != self.hash {
            return Err(Broken::NotLinked(wanted));
        }
        if hash != record.hash(previous_hash) {
            return Err(Broken::Changed(wanted));
        }
        if self.held.0.get(&wanted).is_some_and(|held| hash != held) {
            return Err(Broken::Replaced(wanted));
        }
        self.last = wanted;
        self.hash = hash.to_vec();
        Ok(())
    }

    /// Checks that the chain ends where its head says, and not before what checkpoints hold.
    ///
    /// # Errors
    /// [`Broken`] says what is wrong with its end.
    pub fn end(&self, head: Option<(i64, &[u8])>) -> Result<(), Broken> {
        self.ends_at(head)?;
        match self.held.0.range(self.last + 1..).next() {
            None => Ok(()),
            Some((held, _hash)) => Err(Broken::Short {
                last: self.last,
                held: *held,
            }),
        }
    }

    fn ends_at(&self, head: Option<(i64, &[u8])>) -> Result<(), Broken> {
        match head {
            None if self.last == 0 => Err(Broken::NoChain),
            None => Err(Broken::NoHead),
            Some((seq, _hash)) if seq != self.last => Err(Broken::Cut {
                last: self.last,
                head: seq,
            }),
            Some((seq, hash)) if hash != self.hash => Err(Broken::Changed(seq)),
            Some(_same) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[derive(Clone)]
    struct Stored {
        seq: i64,
        detail: String,
        previous: Vec<u8>,
        hash: Vec<u8>,
    }

    fn record(seq: i64, detail: &str) -> LinkedRecord<'_> {
        LinkedRecord {
            tree: None,
            seq,
            at: Timestamp::from_millis(seq),
            via: "operator",
            actor: None,
            request: None,
            action: "of.another.version",
            organization: None,
            subject: None,
            detail,
        }
    }

    fn chain(length: i64) -> Vec<Stored> {
        let mut previous = CHAIN_START.to_vec();
        let mut chain = Vec::new();
        for seq in 1..=length {
            let detail = format!("detail {seq}");
            let hash = record(seq, &detail).hash(&previous).to_vec();
            let before = std::mem::replace(&mut previous, hash.clone());
            chain.push(Stored {
                seq,
                detail,
                previous: before,
                hash,
            });
        }
        chain
    }

    fn checked(chain: &[Stored], head: Option<(i64, &[u8])>) -> Result<i64, Broken> {
        checked_against(HeldLinks::default(), chain, head)
    }

    fn checked_against(
        held: HeldLinks,
        chain: &[Stored],
        head: Option<(i64, &[u8])>,
    ) -> Result<i64, Broken> {
        let mut check = ChainCheck::against(held);
        for stored in chain {
            let record = record(stored.seq, &stored.detail);
            check.next(&record, &stored.previous, &stored.hash)?;
        }
        check.end(head)?;
        Ok(check.count())
    }

    #[test]
    fn edits_deletions_reordering_and_cuts_are_found_at_the_first_bad_record() {
        let good = chain(5);
        let head = Some((5, good[4].hash.as_slice()));
        assert_eq!(checked(&good, head), Ok(5));
        assert_eq!(checked(&[], None), Err(Broken::NoChain));
        let mut edited = good.clone();
        edited[2].detail.push('!');
        assert_eq!(checked(&edited, head), Err(Broken::Changed(3)));
        // Whoever hashes it anew breaks the link that follows.
        edited[2].hash = record(3, "detail 3!").hash(&edited[2].previous).to_vec();
        assert_eq!(checked(&edited, head), Err(Broken::NotLinked(4)));
        let mut without = good.clone();
        without.remove(1);
        assert_eq!(checked(&without, head), Err(Broken::Missing(2)));
        let mut swapped = good.clone();
        swapped.swap(1, 2);
        assert_eq!(checked(&swapped, head), Err(Broken::Missing(2)));
        assert_eq!(
            checked(&good[..3], head),
            Err(Broken::Cut { last: 3, head: 5 })
        );
        assert_eq!(checked(&good, None), Err(Broken::NoHead));
        let other = [7; 32];
        assert_eq!(checked(&good, Some((5, &other))), Err(Broken::Changed(5)));
    }
    fn held(links: &[(i64, &[u8])]) -> HeldLinks {
        let mut held = HeldLinks::default();
        for (seq, hash) in links {
            assert!(held.add(*seq, (*hash).try_into().expect("a hash")));
        }
        held
    }

    #[test]
    fn what_checkpoints_hold_shows_a_cut_with_its_head_and_a_chain_written_anew() {
        let good = chain(5);
        let (second, fifth) = (good[1].hash.as_slice(), good[4].hash.as_slice());
        let links = || held(&[(2, second), (5, fifth)]);
        assert_eq!(checked_against(links(), &good, Some((5, fifth))), Ok(5));
        let longer = chain(6);
        let head = Some((6, longer[5].hash.as_slice()));
        assert_eq!(checked_against(links(), &longer, head), Ok(6));
        let head = Some((4, good[3].hash.as_slice()));
        assert_eq!(checked(&good[..4], head), Ok(4), "the chain alone");
        let short = Broken::Short { last: 4, held: 5 };
        assert_eq!(checked_against(links(), &good[..4], head), Err(short));
        let gone = checked_against(links(), &[], None);
        assert_eq!(gone, Err(Broken::NoChain));
        let other = [7; HASH_LENGTH];
        let head = Some((5, fifth));
        let replaced = checked_against(held(&[(2, &other)]), &good, head);
        assert_eq!(replaced, Err(Broken::Replaced(2)));
    }

    #[test]
    fn two_checkpoints_with_different_links_of_one_record_do_not_go_together() {
        let mut links = held(&[(3, &[1; HASH_LENGTH])]);
        assert!(links.add(3, [1; HASH_LENGTH]) && links.add(4, [2; HASH_LENGTH]));
        assert!(!links.add(3, [2; HASH_LENGTH]));
    }
}
