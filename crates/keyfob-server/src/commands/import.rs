//! `keyfobd import`: opens the installation, shows how far the import is, says what it did.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tempfile::NamedTempFile;

use crate::cli::ImportArgs;
use crate::config::{Config, DatabaseConfig};
use crate::data_dir;
use crate::import::{Import, OnBad, Phase, Progress, Rivals, Source, Summary, Watch};
use crate::lock::DataDirLock;
use crate::open::{Schema, open};
use crate::system::{SystemClock, SystemEntropy};

/// How often a line is printed where there is no terminal for a bar.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Imports a file, or standard input, or only clears up.
///
/// # Errors
/// What went wrong; also when any line was bad, after the summary was printed.
pub(super) async fn run(config: &Config, args: &ImportArgs) -> Result<()> {
    // On PostgreSQL servers may run meanwhile, and a rival import is told by its signs of life.
    let (_lock, rivals) = match config.database {
        DatabaseConfig::Embedded => {
            let lock = DataDirLock::take(&config.data_dir)?;
            data_dir::try_out(&config.data_dir)?;
            (Some(lock), Rivals::Excluded)
        }
        DatabaseConfig::Postgres { .. } => (None, Rivals::BySignOfLife),
    };
    let installation = open(
        config,
        Schema::AsItIs,
        &SystemClock::default(),
        &SystemEntropy,
    )
    .await?;
    let import = Import::load(&installation, config.tokens.clone(), rivals).await?;
    let mut shown = Shown::new();
    let outcome = match &args.file {
        None => import
            .discard(&mut shown)
            .await
            .map(|()| None)
            .map_err(Into::into),
        Some(file) => import_file(config, args, file, &import, &mut shown)
            .await
            .map(Some),
    };
    shown.bar.finish_and_clear();
    drop(import);
    installation.store.close().await;
    match outcome? {
        Some(summary) => say(&summary),
        None => Ok(writeln!(
            io::stdout(),
            "nothing of an interrupted import is left"
        )?),
    }
}

async fn import_file(
    config: &Config,
    args: &ImportArgs,
    file: &Path,
    import: &Import<'_>,
    shown: &mut Shown,
) -> Result<Summary> {
    let on_bad = if args.keep_going {
        OnBad::KeepTheGood
    } else {
        OnBad::KeepNothing
    };
    let input = Input::of(file, &config.data_dir)?;
    Ok(import
        .run(&Source::File(input.path().to_owned()), on_bad, shown)
        .await?)
}

/// A file that can be read twice.
enum Input {
    AsItIs(PathBuf),
    /// A copy, removed when this ends, however it does.
    Spooled(NamedTempFile),
}

impl Input {
    fn of(file: &Path, data_dir: &Path) -> Result<Self> {
        if file == Path::new("-") {
            return spool(&mut io::stdin().lock(), data_dir).map(Self::Spooled);
        }
        let cannot = || format!("{} cannot be read", file.display());
        if file.metadata().with_context(cannot)?.is_file() {
            return Ok(Self::AsItIs(file.to_owned()));
        }
        spool(&mut File::open(file).with_context(cannot)?, data_dir).map(Self::Spooled)
    }

    fn path(&self) -> &Path {
        match self {
            Self::AsItIs(path) => path,
            Self::Spooled(file) => file.path(),
        }
    }
}

/// Copies what can be read only once into a file that nobody else can read: it is read twice, and may
/// hold passwords.
fn spool(reader: &mut impl io::Read, data_dir: &Path) -> Result<NamedTempFile> {
    let mut file = tempfile::Builder::new()
        .prefix("import-")
        .suffix(".jsonl")
        .tempfile_in(data_dir)?;
    io::copy(reader, &mut file).context("the input cannot be copied into the data directory")?;
    file.flush()?;
    Ok(file)
}

/// Prints bad lines to standard error and the summary to standard output.
fn say(summary: &Summary) -> Result<()> {
    let mut err = io::stderr().lock();
    for line in &summary.bad_lines {
        writeln!(err, "{line}")?;
    }
    let bad = summary.bad();
    let told = u64::try_from(summary.bad_lines.len()).unwrap_or(u64::MAX);
    if bad > told {
        writeln!(err, "and {} more bad lines", bad - told)?;
    }
    write!(io::stdout(), "{summary}")?;
    match (bad, summary.is_kept) {
        (0, _) => Ok(()),
        (_, true) => bail!("{bad} bad lines were left out"),
        (_, false) => bail!("{bad} bad lines, so nothing was kept; --continue keeps the good ones"),
    }
}

/// A bar on a terminal, a line now and then elsewhere.
struct Shown {
    bar: ProgressBar,
    is_terminal: bool,
    phase: Option<Phase>,
    told_at: Instant,
}

impl Shown {
    fn new() -> Self {
        let is_terminal = io::stderr().is_terminal();
        let target = if is_terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        let template = "{msg:36} [{bar:30}] {percent:>3} % {eta_precise}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        Self {
            bar,
            is_terminal,
            phase: None,
            told_at: Instant::now(),
        }
    }
}

impl Watch for Shown {
    fn tell(&mut self, progress: &Progress) {
        let words = words(progress);
        if self.is_terminal {
            self.bar.set_length(progress.total_bytes);
            self.bar.set_position(progress.bytes);
            self.bar.set_message(words);
            return;
        }
        let is_new = self.phase.replace(progress.phase) != Some(progress.phase);
        if is_new || self.told_at.elapsed() >= LINE_EVERY {
            self.told_at = Instant::now();
            // Who closed standard error does not want to know.
            writeln!(io::stderr(), "{words}").unwrap_or_default();
        }
    }
}

fn words(progress: &Progress) -> String {
    let Progress {
        lines, passwords, ..
    } = progress;
    match progress.phase {
        Phase::Removing => "removing what was left behind".to_owned(),
        Phase::Checking => format!("checking: {lines} lines"),
        Phase::Writing if *passwords == 0 => format!("writing: {lines} lines"),
        Phase::Writing => format!("writing: {lines} lines, {passwords} passwords"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_read_once_is_copied_where_only_we_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let spooled = spool(&mut &b"{}\n"[..], folder.path()).expect("a copy");
        assert_eq!(std::fs::read(spooled.path()).expect("its text"), b"{}\n");
        let mode = spooled
            .path()
            .metadata()
            .expect("its metadata")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let path = spooled.path().to_owned();
        drop(spooled);
        assert!(!path.exists());
    }

    #[test]
    fn progress_is_told_in_words() {
        let progress = Progress {
            phase: Phase::Writing,
            lines: 3,
            passwords: 2,
            ..Progress::default()
        };
        assert_eq!(words(&progress), "writing: 3 lines, 2 passwords");
        assert_eq!(
            words(&Progress {
                lines: 3,
                ..Progress::default()
            }),
            "checking: 3 lines"
        );
    }
}
