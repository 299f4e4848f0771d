//! Where log events go: standard error, as text or as JSON. Standard output is for a command's result.

use std::io::{self, IsTerminal};
use std::panic::{self, Location};

use anyhow::anyhow;
use tracing_subscriber::EnvFilter;

use crate::config::{LogConfig, LogFormat};

/// Begins to log, and makes panics log their place without their text. Once per process.
///
/// # Errors
/// When something else has begun to log before.
pub fn init(log: &LogConfig) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&log.filter)?;
    let events = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    let begun = match log.format {
        LogFormat::Text => events.with_ansi(io::stderr().is_terminal()).try_init(),
        LogFormat::Json => events.json().flatten_event(true).try_init(),
    };
    begun.map_err(|cause| anyhow!(cause))?;
    // The standard hook prints the panic's text, and a text may hold what a client sent.
    panic::set_hook(Box::new(|info| {
        let place = place(info.location());
        tracing::error!(panic.place = place, "a bug: the program panicked");
    }));
    Ok(())
}

fn place(location: Option<&Location<'_>>) -> String {
    location.map_or_else(|| "unknown".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_panic_is_file_and_line() {
        let here = Location::caller();
        let expected = format!("{}:{}:", here.file(), here.line());
        assert!(place(Some(here)).starts_with(&expected));
        assert_eq!(place(None), "unknown");
    }
}
