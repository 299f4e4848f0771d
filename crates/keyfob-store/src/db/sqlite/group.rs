//! The connection that writes, and the group of transactions that one COMMIT makes durable.
//!
//! A [`Desk`] is owned by one transaction at a time and handed on. The first of a group begins the
//! engine's transaction, each member works under a savepoint in it, and whoever owns the desk at the
//! end commits for all. What may roll the *whole* group back behind our back, a full disk or an I/O
//! error, is found by asking after every error and before COMMIT whether a transaction is still open.

use std::time::Instant;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::connection::{self, Purpose};
use super::fault::fault;
use super::readers::control;
use crate::db::options::{FileOptions, GroupBounds};
use crate::error::StoreError;

/// Why a group was not kept, for each of its members.
pub(super) type Verdict = Result<(), String>;

/// The one connection that writes, and the group at work on it.
pub(super) struct Desk {
    /// Absent after a failure that makes a new one the safer choice.
    connection: Option<Connection>,
    group: Option<Group>,
}

struct Group {
    since: Instant,
    /// Those who wait to hear that the group is durable.
    members: Vec<oneshot::Sender<Verdict>>,
}

/// What to do with a desk that nobody works at.
pub(super) enum Next {
    /// Somebody else may join the group, or begin one.
    HandOn,
    /// Members wait for the disk.
    Commit,
}

/// The members of a group that is over, still to be told how it went.
#[must_use = "members wait until they are told"]
pub(super) struct Settled {
    members: Vec<oneshot::Sender<Verdict>>,
    verdict: Verdict,
}

impl Settled {
    pub(super) fn tell(self) {
        for member in self.members {
            // Who was cancelled meanwhile does not hear it; the change is kept or lost all the same.
            drop(member.send(self.verdict.clone()));
        }
    }
}

impl Desk {
    pub(super) fn new(connection: Connection) -> Desk {
        Desk {
            connection: Some(connection),
            group: None,
        }
    }

    /// Begins a group, unless one is open. [`StoreError::Busy`] when another process has the lock.
    pub(super) fn begin(&mut self, file: &FileOptions) -> Result<(), StoreError> {
        if self.group.is_some() {
            return Ok(());
        }
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => connection::open(file, Purpose::Write).map_err(fault)?,
        };
        let connection = self.connection.insert(connection);
        if let Err(error) = control(connection, "BEGIN IMMEDIATE") {
            self.drop_if_damaged(&error);
            return Err(error);
        }
        self.group = Some(Group {
            since: Instant::now(),
            members: Vec::new(),
        });
        Ok(())
    }

    /// Runs one member's work. An error that took the group with it fails all its members.
    pub(super) fn with<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let Some(connection) = &self.connection else {
            return Err(StoreError::unavailable(
                "the connection that writes was lost",
            ));
        };
        if self.group.is_none() {
            return Err(StoreError::unavailable("the transaction was rolled back"));
        }
        let outcome = work(connection);
        if let Err(error) = &outcome
            && connection.is_autocommit()
        {
            let reason = format!("the database rolled back a group of transactions: {error}");
            self.drop_if_damaged(error);
            self.lose(&reason);
        }
        outcome
    }

    /// Undoes one member's work and nothing else.
    pub(super) fn roll_back_member(&mut self) {
        if self.group.is_none() {
            return;
        }
        let undone = self.with(|connection| {
            control(connection, "ROLLBACK TO member")?;
            control(connection, "RELEASE member")
        });
        if let Err(error) = undone {
            // What is left of it must not be committed with the others' work.
            self.lose(&format!("a transaction could not be undone alone: {error}"));
        }
    }

    /// Enters a member whose work is done; it hears when the group is durable.
    pub(super) fn join(&mut self) -> Result<oneshot::Receiver<Verdict>, StoreError> {
        let Some(group) = &mut self.group else {
            return Err(StoreError::unavailable("the transaction was rolled back"));
        };
        let (member, verdict) = oneshot::channel();
        group.members.push(member);
        Ok(verdict)
    }

    /// Decides what is next. An open group in which nobody succeeded is ended here, if it is due.
    pub(super) fn next(&mut self, waiting: usize, bounds: GroupBounds) -> Next {
        let Some(group) = &self.group else {
            return Next::HandOn;
        };
        let may_go_on = waiting > 0
            && group.members.len() < bounds.members
            && group.since.elapsed() < bounds.age;
        if may_go_on {
            return Next::HandOn;
        }
        if group.members.is_empty() {
            self.lose("nobody wrote anything");
            return Next::HandOn;
        }
        Next::Commit
    }

    /// Makes the group durable with one COMMIT; afterwards no transaction is open, however it went.
    pub(super) fn commit(&mut self) -> Settled {
        let Some(group) = self.group.take() else {
            return Settled {
                members: Vec::new(),
                verdict: Ok(()),
            };
        };
        let verdict = self.commit_engine().map_err(|error| {
            let reason = format!("a group of transactions was not committed: {error}");
            self.drop_if_damaged(&error);
            self.roll_back_engine();
            reason
        });
        Settled {
            members: group.members,
            verdict,
        }
    }

    fn commit_engine(&self) -> Result<(), StoreError> {
        let Some(connection) = &self.connection else {
            return Err(StoreError::unavailable(
                "the connection that writes was lost",
            ));
        };
        if connection.is_autocommit() {
            return Err(StoreError::unavailable("the database had rolled it back"));
        }
        control(connection, "COMMIT")
    }

    /// Ends the group without keeping anything of it.
    fn lose(&mut self, reason: &str) {
        self.roll_back_engine();
        if let Some(group) = self.group.take() {
            Settled {
                members: group.members,
                verdict: Err(reason.to_owned()),
            }
            .tell();
        }
    }

    /// Leaves no transaction open. A connection that cannot even do that is closed, which does it.
    fn roll_back_engine(&mut self) {
        let Some(connection) = &self.connection else {
            return;
        };
        if connection.is_autocommit() {
            return;
        }
        let undone = control(connection, "ROLLBACK");
        if undone.is_err() || !connection.is_autocommit() {
            self.connection = None;
        }
    }

    /// After an I/O error or damage the next group begins with a new connection, whose cache and
    /// lock cannot be stale.
    fn drop_if_damaged(&mut self, error: &StoreError) {
        if matches!(
            error,
            StoreError::Unavailable { .. } | StoreError::Corrupt { .. }
        ) {
            self.connection = None;
        }
    }
}
