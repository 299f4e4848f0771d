//! `keyfobd import` as a library: organizations, people, memberships and tokens from JSON lines
//! (contract 7).
//!
//! A run reads its source twice. First every line is checked, in order, against what exists and what
//! the lines before it would make; a single bad line, and nothing is kept. Then the same decisions are
//! taken again and written in batches whose rows stay hidden until one last transaction shows them all.
//! A run that is killed leaves hidden rows at worst, and the next run removes them first.
//!
//! What exists is recognised by `id`, else by `externalId`, else by the e-mail address (a user), by the
//! name below its parent (an organization), or by its hash (a token).
//!
//! Memory grows with the file and with the number of organizations in the database, not with its
//! people: some 150 bytes for a user, 60 for a membership, 150 for a token, 250 for an organization.
//!
//! Deliberately absent: changing or ending anything. And policy: its limits bind who generates a token;
//! one that is imported is in use elsewhere already, and refusing it would end nothing.

mod keys;
mod line;
mod lookup;
mod orgs;
mod people;
mod plan;
#[doc(hidden)]
pub mod probe;
mod reason;
mod reference;
mod run;
mod source;
mod summary;
mod write;

use std::fmt;
use std::io;
use std::sync::Arc;

use keyfob_core::catalogue::Catalogue;
use keyfob_core::foreign::TokenForms;
use keyfob_core::id::KeyId;
use keyfob_core::name::Email;
use keyfob_core::secret::Pepper;
use keyfob_core::time::{Clock, Entropy};
use keyfob_store::instance::{catalogue_find, instance_find};
use keyfob_store::key::key_list;
use keyfob_store::{Constraint, Store, StoreError};

use self::run::Run;
use crate::config::Config;
use crate::erasure::ErasureKey;
use crate::keys::{BadKeys, KeyRing};
use crate::open::{Installation, OpenError, Schema, open};
use crate::roles_file::{self, BadRolesFile};
use crate::state::LoadError;
use crate::system::{SystemClock, SystemEntropy};

pub use self::line::LINE_MAX;
pub use self::reason::Reason;
pub use self::source::Source;
pub use self::summary::{BAD_LINES_TOLD, BadLine, Counts, Kind, Summary};

/// Why an import came to nothing, other than bad lines. None of the file is kept.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The installation cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Catalogue or keys cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// There is no pepper to keep tokens under.
    #[error("there is no pepper among the keys")]
    NoPepper,
    /// The source cannot be read.
    #[error("the file cannot be read")]
    Read(#[source] io::Error),
    /// The store failed.
    #[error("the database failed; nothing was kept, run the import again")]
    Store(#[from] StoreError),
    /// A password cannot be hashed.
    #[error("a password cannot be hashed")]
    Password,
    /// A thread of ours ended before its time.
    #[error("a thread ended before its time")]
    Task(#[source] tokio::task::JoinError),
    /// Another import is at work on this database.
    #[error(
        "another import is under way on this database; if it was killed, it counts as dead a minute \
         after its last sign of life"
    )]
    UnderWay,
    /// This one was silent for so long that another took it for dead.
    #[error(
        "this import was silent for a minute and another has taken its place; nothing was kept"
    )]
    LostPlace,
    /// Somebody took what must be unique between check and writing.
    #[error(
        "somebody else took {} while the import was writing; nothing was kept, run it again",
        write::taken(*.0)
    )]
    Taken(Constraint),
    /// What lines rest on was changed between check and writing.
    #[error(
        "somebody changed what lines of the file rest on while the import was writing; nothing was \
         kept, run it again"
    )]
    Changed,
    /// It failed, and then clearing up failed as well.
    #[error("{error}; its hidden rows could not be removed either, which the next import will do")]
    LeftBehind {
        /// Why it failed.
        error: Box<ImportError>,
        /// Why clearing up failed.
        #[source]
        cause: Box<ImportError>,
    },
}

/// What becomes of the good lines when others are bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnBad {
    /// Nothing is kept.
    KeepNothing,
    /// They are kept.
    KeepTheGood,
}

/// How it is known that no other import is at work on the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rivals {
    /// There can be none: the caller holds the data directory's lock. What an earlier import left is
    /// dead, however young.
    Excluded,
    /// By the time of the other's last sign of life.
    BySignOfLife,
}

/// What an import is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Phase {
    /// Removing the hidden rows of a run that came to nothing.
    Removing,
    /// Checking every line.
    #[default]
    Checking,
    /// Writing, hidden.
    Writing,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// What it is doing.
    pub phase: Phase,
    /// How many bytes of the source this phase has done.
    pub bytes: u64,
    /// How many bytes there are.
    pub total_bytes: u64,
    /// How many lines this phase has done.
    pub lines: u64,
    /// How many passwords were hashed.
    pub passwords: u64,
}

/// Somebody who is told how far an import is.
pub trait Watch: Send + Sync {
    /// Tells. Called often; must return soon.
    fn tell(&mut self, progress: &Progress);
}

/// Nobody is told.
impl Watch for () {
    fn tell(&mut self, _progress: &Progress) {}
}

/// Everything an import works with.
pub struct Import<'a> {
    /// The database, founded.
    pub store: Store,
    /// The role catalogue in force.
    pub catalogue: Catalogue,
    /// The peppers, the newest first.
    pub peppers: Vec<(KeyId, Pepper)>,
    /// The key by which erased people are recognised; none while nobody was erased.
    pub erasure: Option<ErasureKey>,
    /// The forms of tokens that this installation takes.
    pub forms: TokenForms,
    /// The source of time.
    pub clock: Arc<dyn Clock>,
    /// The source of ids and of salts.
    pub entropy: Arc<dyn Entropy>,
    /// Whether others may be importing.
    pub rivals: Rivals,
    /// A password for a new user whose line gives none: for the demo.
    pub passwords: &'a (dyn Fn(&Email) -> Option<String> + Sync),
}

impl fmt::Debug for Import<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Import")
            .field("store", &self.store)
            .field("rivals", &self.rivals)
            .finish_non_exhaustive()
    }
}

impl Import<'_> {
    /// Reads catalogue and keys of an open installation; no passwords are given.
    pub async fn load(
        installation: &Installation,
        forms: TokenForms,
        rivals: Rivals,
    ) -> Result<Self, ImportError> {
        let store = installation.store.clone();
        let mut tx = store.read().await?;
        let instance = instance_find(&mut tx).await?.ok_or(LoadError::NoInstance)?;
        let body = catalogue_find(&mut tx, instance.catalogue)
            .await?
            .ok_or(LoadError::NoCatalogue)?;
        let records = key_list(&mut tx).await?;
        drop(tx);
        let catalogue = roles_file::read(&body, instance.catalogue);
        let ring = KeyRing::open(instance.key_set, &records, &installation.root_key);
        let erasure = ErasureKey::of(&records, &installation.root_key);
        Ok(Self {
            store,
            catalogue: catalogue.map_err(|cause: BadRolesFile| LoadError::from(cause))?,
            peppers: ring
                .map_err(|cause: BadKeys| LoadError::from(cause))?
                .peppers()
                .cloned()
                .collect(),
            erasure: erasure.map_err(LoadError::from)?,
            forms,
            clock: Arc::new(SystemClock::default()),
            entropy: Arc::new(SystemEntropy),
            rivals,
            passwords: &|_email| None,
        })
    }

    /// Imports a source. When lines are bad and nothing is kept, the summary says so.
    pub async fn run(
        &self,
        source: &Source,
        on_bad: OnBad,
        watch: &mut dyn Watch,
    ) -> Result<Summary, ImportError> {
        Run::claim(self, watch).await?.import(source, on_bad).await
    }

    /// Removes what an import left behind that was killed, and imports nothing.
    pub async fn discard(&self, watch: &mut dyn Watch) -> Result<(), ImportError> {
        Run::claim(self, watch).await?.abandon().await
    }
}

/// Imports a text into the embedded database of a data directory that nobody else knows of, and closes
/// it again; `passwords` are for users whose lines give none. This is how the demo gets its example.
pub async fn import_text(
    config: &Config,
    text: &str,
    passwords: &(dyn Fn(&Email) -> Option<String> + Sync),
) -> Result<Summary, ImportError> {
    let installation = open(
        config,
        Schema::Migrate,
        &SystemClock::default(),
        &SystemEntropy,
    )
    .await?;
    let import = Import::load(&installation, config.tokens.clone(), Rivals::Excluded).await?;
    let import = Import {
        passwords,
        ..import
    };
    let summary = import
        .run(&Source::Text(text.into()), OnBad::KeepNothing, &mut ())
        .await;
    drop(import);
    installation.store.close().await;
    summary
}
