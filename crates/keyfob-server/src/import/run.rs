//! One run: take the place, check every line, write in batches that stay hidden, show all at once.

use std::time::Duration;

use keyfob_core::id::{IdRandom, ImportId};
use keyfob_core::secret::Prefix;
use keyfob_core::time::{Purpose, Timestamp};
use keyfob_store::import::{
    Claim, import_beat, import_claim, import_finish, import_sweep, import_take_over,
};
use keyfob_store::instance::instance_freeze_prefix;
use keyfob_store::{StoreError, retry};

use super::keys::Keys;
use super::line::Format;
use super::lookup::{Known, load_orgs, look_up};
use super::people::People;
use super::plan::{New, Planner, Step};
use super::source::{self, Chunk, Parsed, Source};
use super::summary::{BadLine, Outcome, Summary};
use super::write::{self, Place};
use super::{Import, ImportError, OnBad, Phase, Progress, Rivals, Watch};

/// How long after its last sign of life a run counts as dead.
const DEAD_AFTER: Duration = Duration::from_mins(1);
/// How often a run gives one, at least.
const BEAT_EVERY: Duration = Duration::from_secs(10);

/// A run that has its place.
pub(super) struct Run<'a> {
    import: &'a Import<'a>,
    id: ImportId,
    last_beat: Timestamp,
    progress: Progress,
    watch: &'a mut dyn Watch,
}

/// What a pass over the source does with what it decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pass {
    Check,
    Write,
}

/// How far hidden rows are removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Swept {
    Some,
    All,
    LostPlace,
}

/// What a pass came to.
struct Passed {
    summary: Summary,
    /// Whether it makes tokens of this installation's own form.
    has_native_tokens: bool,
}

impl<'a> Run<'a> {
    /// Takes the place, and removes what a run before may have left behind.
    pub(super) async fn claim(
        import: &'a Import<'a>,
        watch: &'a mut dyn Watch,
    ) -> Result<Self, ImportError> {
        let now = import.clock.now();
        let mut random = IdRandom::default();
        import.entropy.fill(Purpose::Id, &mut random);
        let id = ImportId::new(now, random);
        let dead_before = match import.rivals {
            Rivals::Excluded => Timestamp::from_millis(i64::MAX),
            Rivals::BySignOfLife => now.minus(DEAD_AFTER),
        };
        let claim = retry(|| async {
            let mut tx = import.store.write().await?;
            let claim = import_claim(&mut tx, id, dead_before, now).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(claim)
        });
        let left_behind = match claim.await? {
            Claim::Clean => None,
            Claim::LeftBehind(hidden) => Some(hidden),
            Claim::UnderWay => return Err(ImportError::UnderWay),
        };
        let mut run = Self {
            import,
            id,
            last_beat: now,
            progress: Progress::default(),
            watch,
        };
        if let Some(hidden) = left_behind {
            run.sweep(hidden).await?;
            run.take_over().await?;
        }
        Ok(run)
    }

    /// Imports a source. Whatever goes wrong, nothing of it stays.
    pub(super) async fn import(
        mut self,
        source: &Source,
        on_bad: OnBad,
    ) -> Result<Summary, ImportError> {
        match self.passes(source, on_bad).await {
            Ok(summary) if summary.is_kept => Ok(summary),
            Ok(summary) => {
                self.finish(None).await?;
                Ok(summary)
            }
            // The place is another's now, and so is clearing up.
            Err(ImportError::LostPlace) => Err(ImportError::LostPlace),
            Err(error) => match self.abandon().await {
                Ok(()) => Err(error),
                Err(cause) => Err(ImportError::LeftBehind {
                    error: Box::new(error),
                    cause: Box::new(cause),
                }),
            },
        }
    }

    /// Ends a run that keeps nothing.
    pub(super) async fn abandon(&mut self) -> Result<(), ImportError> {
        self.sweep(self.id).await?;
        self.finish(None).await
    }

    async fn passes(&mut self, source: &Source, on_bad: OnBad) -> Result<Summary, ImportError> {
        if on_bad == OnBad::KeepNothing {
            let Passed {
                summary: checked, ..
            } = self.pass(source, Pass::Check).await?;
            if checked.bad() > 0 {
                return Ok(checked);
            }
        }
        let Passed {
            mut summary,
            has_native_tokens,
        } = self.pass(source, Pass::Write).await?;
        if on_bad == OnBad::KeepNothing && summary.bad() > 0 {
            // Every line was good a moment ago.
            return Err(ImportError::Changed);
        }
        let prefix = &self.import.forms.prefix;
        self.finish(has_native_tokens.then_some(prefix)).await?;
        summary.is_kept = true;
        Ok(summary)
    }

    async fn pass(&mut self, source: &Source, pass: Pass) -> Result<Passed, ImportError> {
        let phase = match pass {
            Pass::Check => Phase::Checking,
            Pass::Write => Phase::Writing,
        };
        let total_bytes = source.bytes().map_err(ImportError::Read)?;
        self.tell(Progress {
            phase,
            total_bytes,
            ..Progress::default()
        });
        let import = self.import;
        let keys = Keys::default();
        let format = Format {
            keys: keys.clone(),
            peppers: import.peppers.clone(),
            forms: import.forms.clone(),
        };
        let orgs = load_orgs(&import.store, &keys).await?;
        let mut planner = Planner {
            catalogue: &import.catalogue,
            entropy: &*import.entropy,
            keys,
            orgs,
            people: People::default(),
        };
        let mut chunks = source::read(source.clone(), format);
        let mut summary = Summary::default();
        let mut has_native_tokens = false;
        while let Some(chunk) = chunks.recv().await {
            let chunk = chunk.map_err(ImportError::Read)?;
            let (bytes, lines) = (chunk.bytes, chunk.lines.len());
            let mut made = self.decide(chunk, &mut planner, &mut summary).await?;
            has_native_tokens |= made
                .iter()
                .any(|new| matches!(new, New::Token(token) if token.is_native));
            if pass == Pass::Write {
                self.write(&mut made).await?;
            }
            self.beat_if_due().await?;
            let lines = u64::try_from(lines).unwrap_or(u64::MAX);
            let Progress {
                bytes: before,
                lines: lines_before,
                ..
            } = self.progress;
            self.tell(Progress {
                bytes: before + bytes,
                lines: lines_before + lines,
                ..self.progress
            });
        }
        Ok(Passed {
            summary,
            has_native_tokens,
        })
    }

    /// Decides about each line of a chunk and counts; what is to be made comes back.
    async fn decide(
        &self,
        chunk: Chunk,
        planner: &mut Planner<'_>,
        summary: &mut Summary,
    ) -> Result<Vec<New>, ImportError> {
        let known = Known {
            people: &mut planner.people,
            keys: &planner.keys,
            erasure: self.import.erasure.as_ref(),
        };
        look_up(&self.import.store, &chunk, known).await?;
        let now = self.import.clock.now();
        let mut made = Vec::new();
        for Parsed { number, line } in chunk.lines {
            let (kind, step) = match line {
                Ok(line) => (Some(line.kind()), planner.plan(line, now)),
                Err((kind, reason)) => (kind, Err(reason)),
            };
            let outcome = match step {
                Ok(Step::Make(new)) => {
                    made.push(*new);
                    Outcome::Created
                }
                Ok(Step::Unchanged) => Outcome::Unchanged,
                Ok(Step::EndedHere) => Outcome::EndedHere,
                Err(reason) => {
                    summary.count_bad(kind, BadLine { number, reason });
                    continue;
                }
            };
            if let Some(kind) = kind {
                summary.count(kind, outcome);
            }
        }
        Ok(made)
    }

    async fn write(&mut self, made: &mut [New]) -> Result<(), ImportError> {
        write::give_passwords(made, self.import.passwords);
        for bunch in write::clear_passwords(made).chunks_mut(write::cores()) {
            write::hash(bunch, &self.import.entropy).await?;
            let hashed = u64::try_from(bunch.len()).unwrap_or(u64::MAX);
            self.tell(Progress {
                passwords: self.progress.passwords + hashed,
                ..self.progress
            });
            self.beat_if_due().await?;
        }
        if made.is_empty() {
            return Ok(());
        }
        let (pepper, _key) = self.import.peppers.first().ok_or(ImportError::NoPepper)?;
        let place = Place {
            store: &self.import.store,
            run: self.id,
            pepper: *pepper,
        };
        let now = self.import.clock.now();
        write::write(place, made, now).await?;
        self.last_beat = now;
        Ok(())
    }

    /// Removes hidden rows, in transactions short enough that others get their turn between them.
    async fn sweep(&mut self, hidden: ImportId) -> Result<(), ImportError> {
        self.tell(Progress {
            phase: Phase::Removing,
            ..Progress::default()
        });
        let mut swept = Swept::Some;
        while swept == Swept::Some {
            self.last_beat = self.import.clock.now();
            swept = retry(|| self.sweep_some(hidden)).await?;
        }
        if swept == Swept::LostPlace {
            Err(ImportError::LostPlace)
        } else {
            Ok(())
        }
    }

    async fn sweep_some(&self, hidden: ImportId) -> Result<Swept, StoreError> {
        let mut tx = self.import.store.write().await?;
        if !import_beat(&mut tx, self.id, self.last_beat).await? {
            return Ok(Swept::LostPlace);
        }
        let is_some = import_sweep(&mut tx, hidden).await?;
        tx.commit().await?;
        Ok(if is_some { Swept::Some } else { Swept::All })
    }

    async fn take_over(&self) -> Result<(), ImportError> {
        let taken = retry(|| async {
            let mut tx = self.import.store.write().await?;
            import_take_over(&mut tx, self.id).await?;
            tx.commit().await
        });
        Ok(taken.await?)
    }

    /// Gives up the place; whatever was written becomes visible in this transaction, and the prefix of
    /// native tokens is fixed with the first of them.
    async fn finish(&self, frozen: Option<&Prefix>) -> Result<(), ImportError> {
        let finished = retry(|| async {
            let mut tx = self.import.store.write().await?;
            let has_place = import_finish(&mut tx, self.id).await?;
            if let Some(prefix) = frozen.filter(|_prefix| has_place) {
                instance_freeze_prefix(&mut tx, prefix.as_str()).await?;
            }
            tx.commit().await?;
            Ok::<_, StoreError>(has_place)
        });
        if finished.await? {
            Ok(())
        } else {
            Err(ImportError::LostPlace)
        }
    }

    async fn beat_if_due(&mut self) -> Result<(), ImportError> {
        let now = self.import.clock.now();
        if now.since(self.last_beat) < BEAT_EVERY {
            return Ok(());
        }
        let has_place = retry(|| async {
            let mut tx = self.import.store.write().await?;
            let has_place = import_beat(&mut tx, self.id, now).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(has_place)
        });
        self.last_beat = now;
        if has_place.await? {
            Ok(())
        } else {
            Err(ImportError::LostPlace)
        }
    }

    fn tell(&mut self, progress: Progress) {
        self.progress = progress;
        self.watch.tell(&progress);
    }
}
