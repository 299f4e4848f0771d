//! The threads that wait for the disk: one commits groups, one copies the log into the file.
//!
//! Both end by themselves once the last handle of the store is gone.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;

use super::connection::{self, Purpose};
use super::group::Desk;
use super::writer::Writer;
use crate::db::options::FileOptions;
use crate::error::StoreError;

/// From this size of the log on it is copied beside the writing.
const COPY_LOG_FROM_BYTES: u64 = 4 << 20;
/// From this size on writing waits for it: commits that never pause would otherwise keep the log from
/// ever being copied to its end and begun anew, and it would fill the disk.
const WAIT_FOR_COPY_FROM_BYTES: u64 = 16 << 20;
/// The log is not copied again before it has grown by this much.
const COPY_EVERY_BYTES: u64 = 1 << 20;
const COPY_PATIENCE: Duration = Duration::from_secs(5);

/// A handle of both threads.
pub(super) struct Committer {
    jobs: Sender<Job>,
    wishes: SyncSender<Wish>,
}

/// A group to commit, and who gets the desk back.
struct Job {
    desk: Desk,
    writer: Arc<Writer>,
}

/// The wish to have the log copied.
enum Wish {
    Soon,
    /// Somebody waits until it is done.
    Now(Sender<()>),
    /// To its end, for which readers are waited; then the connection is closed.
    Last(Sender<()>),
}

impl Committer {
    pub(super) fn start(file: Arc<FileOptions>) -> Result<Committer, StoreError> {
        let (jobs, to_commit) = mpsc::channel();
        // One wish may wait while another is being fulfilled; more would say the same.
        let (wishes, to_copy) = mpsc::sync_channel(1);
        spawn("keyfob-log", move || copy_log(&file, &to_copy))?;
        let log = LogWatch {
            wishes: wishes.clone(),
            copied_at_bytes: 0,
        };
        spawn("keyfob-commit", move || commit_groups(&to_commit, log))?;
        Ok(Committer { jobs, wishes })
    }

    /// Commits the group at `desk` on the committer's thread, which then passes the desk on.
    pub(super) fn commit(&self, desk: Desk, writer: &Arc<Writer>) {
        let job = Job {
            desk,
            writer: Arc::clone(writer),
        };
        // Without its thread, which only a panic can end, it is done here.
        if let Err(mpsc::SendError(job)) = self.jobs.send(job) {
            tracing::error!("the thread that commits is gone");
            job.run();
        }
    }

    /// Copies the whole log into the file, after the last commit. Blocks.
    pub(super) fn copy_the_rest(&self) {
        ask_and_wait(&self.wishes, Wish::Last);
    }
}

impl Job {
    /// Commits, lets the next one work, and tells those who wait for this group meanwhile.
    fn run(self) {
        let Job { mut desk, writer } = self;
        let settled = desk.commit();
        writer.pass_on(desk);
        settled.tell();
    }

    /// The same, but nobody writes before the log is copied.
    fn run_and_copy(self, log: &LogWatch) {
        let Job { mut desk, writer } = self;
        desk.commit().tell();
        log.copy_now();
        writer.pass_on(desk);
    }
}

fn commit_groups(to_commit: &Receiver<Job>, mut log: LogWatch) {
    while let Ok(job) = to_commit.recv() {
        match log.look(&job.writer.file().path) {
            Growth::Small => job.run(),
            Growth::Worth => {
                log.copy_soon();
                job.run();
            }
            Growth::TooMuch => job.run_and_copy(&log),
        }
    }
}

/// Watches the log grow, on the thread that lets it.
struct LogWatch {
    wishes: SyncSender<Wish>,
    /// The log's size when it was last wished to be copied.
    copied_at_bytes: u64,
}

#[derive(Debug, PartialEq, Eq)]
enum Growth {
    Small,
    Worth,
    TooMuch,
}

impl LogWatch {
    fn look(&mut self, path: &Path) -> Growth {
        self.judge(connection::log_bytes(path))
    }

    fn judge(&mut self, bytes: u64) -> Growth {
        if bytes < self.copied_at_bytes {
            // It was copied to its end and began anew.
            self.copied_at_bytes = 0;
        }
        if bytes < COPY_LOG_FROM_BYTES.max(self.copied_at_bytes + COPY_EVERY_BYTES) {
            return Growth::Small;
        }
        self.copied_at_bytes = bytes;
        if bytes < WAIT_FOR_COPY_FROM_BYTES {
            Growth::Worth
        } else {
            Growth::TooMuch
        }
    }

    fn copy_soon(&self) {
        // A full channel means that it is going to be copied anyway.
        drop(self.wishes.try_send(Wish::Soon));
    }

    fn copy_now(&self) {
        ask_and_wait(&self.wishes, Wish::Now);
    }
}

fn ask_and_wait(wishes: &SyncSender<Wish>, wish: impl FnOnce(Sender<()>) -> Wish) {
    let (done, waiting) = mpsc::channel();
    if wishes.send(wish(done)).is_ok() && waiting.recv_timeout(COPY_PATIENCE).is_err() {
        tracing::warn!("copying the log into the database takes long");
    }
}

/// Copies the log whenever it is wished. It is one thread that does it: two copies at once refuse
/// each other.
fn copy_log(file: &FileOptions, to_copy: &Receiver<Wish>) {
    let mut opened: Option<Connection> = None;
    while let Ok(wish) = to_copy.recv() {
        if opened.is_none() {
            match connection::open(file, Purpose::Checkpoint) {
                Ok(connection) => opened = Some(connection),
                Err(error) => tracing::warn!(%error, "the log cannot be copied"),
            }
        }
        let waiting = match wish {
            Wish::Soon => {
                opened.iter().for_each(connection::copy_log);
                continue;
            }
            Wish::Now(waiting) => {
                opened.iter().for_each(connection::copy_log);
                waiting
            }
            Wish::Last(waiting) => {
                opened
                    .take()
                    .iter()
                    .for_each(connection::copy_log_to_its_end);
                waiting
            }
        };
        if waiting.send(()).is_err() {
            tracing::debug!("the log was copied after all patience was lost");
        }
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(work);
    thread.map(drop).map_err(StoreError::unavailable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_copied_when_it_grew_and_writing_waits_when_it_grew_too_much() {
        let (wishes, _to_copy) = mpsc::sync_channel(1);
        let mut log = LogWatch {
            wishes,
            copied_at_bytes: 0,
        };
        let mib = 1 << 20;
        assert_eq!(log.judge(4 * mib - 1), Growth::Small);
        assert_eq!(log.judge(4 * mib), Growth::Worth);
        assert_eq!(log.judge(5 * mib - 1), Growth::Small);
        assert_eq!(log.judge(5 * mib), Growth::Worth);
        assert_eq!(log.judge(16 * mib), Growth::TooMuch);
        assert_eq!(log.judge(17 * mib - 1), Growth::Small);
        // Cut back: from the start.
        assert_eq!(log.judge(mib), Growth::Small);
        assert_eq!(log.judge(4 * mib), Growth::Worth);
    }
}
