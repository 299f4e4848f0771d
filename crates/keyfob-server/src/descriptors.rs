//! Open files: each connection takes one, and what the system allows by default is little.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How many are left for everything but connections: the database, the metrics port, the log.
const RESERVED: u64 = 128;

/// Raises the limit of open files as far as the system lets us, and says how many of `wanted` connections
/// fit below it.
pub(crate) fn connections_that_fit(wanted: usize) -> usize {
    let before = getrlimit(Resource::Nofile);
    let needed = u64::try_from(wanted).unwrap_or(u64::MAX);
    let needed = needed.saturating_add(RESERVED);
    let current = before.current.unwrap_or(u64::MAX);
    if current >= needed {
        return wanted;
    }
    let most = before.maximum.unwrap_or(u64::MAX);
    let raised = Rlimit {
        current: Some(needed.min(most)),
        maximum: before.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::debug!(error = %error, "the limit of open files stays as it is");
    }
    let now = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let fit = now.saturating_sub(RESERVED).max(1);
    let fit = usize::try_from(fit).unwrap_or(usize::MAX).min(wanted);
    if fit < wanted {
        tracing::warn!(
            connections.wanted = wanted,
            connections.most = fit,
            "the limit of open files allows fewer connections: raise it (ulimit -n)"
        );
    }
    fit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_27_there_are_never_more_connections_than_open_files() {
        assert_eq!(connections_that_fit(1), 1);
        let most = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
        let fit = connections_that_fit(usize::MAX);
        assert!(u64::try_from(fit).is_ok_and(|fit| fit < most));
        let now = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        assert!(u64::try_from(fit).is_ok_and(|fit| fit <= now - RESERVED));
    }
}
