//! Which database, and how hard to lean on it.

use std::fmt;
use std::path::PathBuf;
use std::thread::available_parallelism;
use std::time::Duration;

/// What [`Store::open`](crate::Store::open) needs to know.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    pub(crate) place: Place,
    /// How long a call may take, and how long one waits for a turn.
    pub(crate) deadline: Duration,
}

#[derive(Clone, Debug)]
pub(crate) enum Place {
    File(FileOptions),
    Server(ServerOptions),
}

/// The embedded database: one file, with its log beside it.
#[derive(Clone, Debug)]
pub(crate) struct FileOptions {
    pub(crate) path: PathBuf,
    pub(crate) readers: usize,
    /// Memory for pages, shared out among the readers.
    pub(crate) cache_bytes: u64,
    pub(crate) group: GroupBounds,
}

/// When the group of transactions that share one `fsync` ends at the latest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupBounds {
    pub(crate) members: usize,
    pub(crate) age: Duration,
}

/// A database server, or several of which one takes writes.
#[derive(Clone)]
pub(crate) struct ServerOptions {
    pub(crate) url: String,
    pub(crate) password: Option<String>,
    pub(crate) readers: usize,
    pub(crate) writers: usize,
}

impl fmt::Debug for ServerOptions {
    /// Leaves the address out as well: a password may stand in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerOptions")
            .field("readers", &self.readers)
            .field("writers", &self.writers)
            .finish_non_exhaustive()
    }
}

impl StoreOptions {
    /// The embedded database in the file at `path`, made when it is not there.
    pub fn sqlite(path: PathBuf) -> StoreOptions {
        let cores = available_parallelism().map_or(1, std::num::NonZero::get);
        let group = GroupBounds {
            members: 256,
            age: Duration::from_millis(2),
        };
        let readers = cores.saturating_mul(4).max(8);
        let file = FileOptions {
            path,
            readers,
            cache_bytes: 64 << 20,
            group,
        };
        StoreOptions::of(Place::File(file))
    }

    /// The server at a `postgres://` address; several hosts may be named in it.
    ///
    /// `sslmode=require`, `verify-ca` and `verify-full` all mean TLS with the certificate and the
    /// host name checked, against `sslrootcert` or else the system's roots; `disable` means none.
    /// Unless the address says otherwise, only a host that takes writes is used.
    pub fn postgres(url: String) -> StoreOptions {
        let server = ServerOptions {
            url,
            password: None,
            readers: 16,
            writers: 4,
        };
        StoreOptions::of(Place::Server(server))
    }

    fn of(place: Place) -> StoreOptions {
        StoreOptions {
            place,
            deadline: Duration::from_secs(5),
        }
    }

    /// Sets the server's password apart from its address. Without effect on a file.
    #[must_use]
    pub fn password(mut self, password: String) -> StoreOptions {
        if let Place::Server(server) = &mut self.place {
            server.password = Some(password);
        }
        self
    }

    /// Sets how many transactions read at once.
    #[must_use]
    pub fn readers(mut self, count: usize) -> StoreOptions {
        match &mut self.place {
            Place::File(file) => file.readers = count.max(1),
            Place::Server(server) => server.readers = count.max(1),
        }
        self
    }

    /// Sets how many connections wait for the one writer's turn on a server. Without effect on a
    /// file, which has one connection that writes.
    #[must_use]
    pub fn writers(mut self, count: usize) -> StoreOptions {
        if let Place::Server(server) = &mut self.place {
            server.writers = count.max(1);
        }
        self
    }

    /// Sets how long one call may take, and how long one waits for a turn. 5 seconds by default.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> StoreOptions {
        self.deadline = deadline;
        self
    }

    /// Sets the bytes of page cache, shared among all readers of a file; each gets at least 8 MiB.
    #[must_use]
    pub fn cache_bytes(mut self, bytes: u64) -> StoreOptions {
        if let Place::File(file) = &mut self.place {
            file.cache_bytes = bytes;
        }
        self
    }

    /// Sets when a group of transactions on a file is made durable at the latest: after so many
    /// members, or when it is so old. 256 and 2 milliseconds by default.
    #[must_use]
    pub fn commit_group(mut self, members: usize, age: Duration) -> StoreOptions {
        if let Place::File(file) = &mut self.place {
            file.group = GroupBounds {
                members: members.max(1),
                age,
            };
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_ever_printed() {
        let options = StoreOptions::postgres("postgres://ana:hunter2@db/keyfob".to_owned())
            .password("hunter3".to_owned());
        let printed = format!("{options:?}");
        assert!(!printed.contains("hunter"), "{printed}");
    }

    #[test]
    fn there_is_always_somebody_to_read_and_to_write() {
        let options = StoreOptions::postgres(String::new()).readers(0).writers(0);
        let Place::Server(server) = options.place else {
            panic!("a server was asked for")
        };
        assert_eq!((server.readers, server.writers), (1, 1));
    }
}
