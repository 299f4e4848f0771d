//! Imports: who may run one, and how its rows become visible, all at once or never.
//!
//! Every row that a run writes carries its [`ImportId`] and is hidden while `instance.import_pending`
//! names it. The one row of `import_run` says which process works on that: usually the run itself, or,
//! after a run that broke off, whoever is removing its rows. So a process that slept too long and lost
//! its place finds that out in its next transaction ([`import_beat`]) and cannot write any more.
//!
//! Deliberately absent: reading the file and deciding about its lines, which is the server's.

mod audit;
pub mod facts;
pub mod rows;
mod sweep;

use keyfob_core::id::ImportId;
use keyfob_core::time::Timestamp;

use crate::StoreError;
use crate::db::{Statement, Tx, args, statements};
pub use sweep::import_sweep;

statements! {
    IMPORT_STATE = "SELECT i.import_pending, r.id, r.beat_at
        FROM instance i LEFT JOIN import_run r ON r.id IS NOT NULL WHERE i.id = 1";
    IMPORT_RUN_INSERT = "INSERT INTO import_run (id, started_at, beat_at) VALUES ($1, $2, $2)";
    IMPORT_RUN_BEAT = "UPDATE import_run SET beat_at = $2 WHERE id = $1";
    IMPORT_RUN_CLEAR = "DELETE FROM import_run";
    IMPORT_PENDING_SET = "UPDATE instance SET import_pending = $1 WHERE id = 1";
    IMPORT_PENDING_CLEAR = "UPDATE instance SET import_pending = NULL WHERE id = 1";
}

/// Every statement of imports.
pub(crate) fn statements() -> impl Iterator<Item = &'static Statement> {
    let lists = [
        STATEMENTS,
        audit::STATEMENTS,
        facts::STATEMENTS,
        rows::STATEMENTS,
        sweep::STATEMENTS,
    ];
    lists.into_iter().flatten().copied()
}

/// What somebody finds who wants to import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The place is theirs, and nothing is left of others.
    Clean,
    /// The place is theirs; the rows of this run, which broke off, are to be removed first.
    LeftBehind(ImportId),
    /// Another import is under way; nothing was changed.
    UnderWay,
}

/// Where imports stand.
struct State {
    /// Whose rows are hidden.
    pending: Option<ImportId>,
    /// Who works on that, and when they last showed that they live.
    holder: Option<(ImportId, Timestamp)>,
}

async fn state(tx: &mut Tx) -> Result<State, StoreError> {
    let found = tx
        .optional(&IMPORT_STATE, args![], |row| {
            let holder: Option<ImportId> = row.get(1)?;
            let beat_at: Option<Timestamp> = row.get(2)?;
            Ok(State {
                pending: row.get(0)?,
                holder: holder.zip(beat_at),
            })
        })
        .await?;
    found.ok_or(StoreError::corrupt("there is no instance"))
}

/// When the import that is under way last showed that it lives; none when nobody has the place.
pub async fn import_seen(tx: &mut Tx) -> Result<Option<Timestamp>, StoreError> {
    let State { holder, .. } = state(tx).await?;
    Ok(holder.map(|(_run, beat_at)| beat_at))
}

/// Takes the place of the one import there can be, unless its holder gave a sign of life after
/// `dead_before`.
pub async fn import_claim(
    tx: &mut Tx,
    run: ImportId,
    dead_before: Timestamp,
    now: Timestamp,
) -> Result<Claim, StoreError> {
    let State { pending, holder } = state(tx).await?;
    if holder.is_some_and(|(id, beat_at)| id != run && beat_at > dead_before) {
        return Ok(Claim::UnderWay);
    }
    tx.execute(&IMPORT_RUN_CLEAR, args![]).await?;
    tx.execute(&IMPORT_RUN_INSERT, args![run, now]).await?;
    if let Some(left) = pending.filter(|pending| *pending != run) {
        return Ok(Claim::LeftBehind(left));
    }
    import_take_over(tx, run).await?;
    Ok(Claim::Clean)
}

/// Gives a sign of life. False when somebody else has taken the place: then nothing may be written.
pub async fn import_beat(tx: &mut Tx, run: ImportId, now: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(&IMPORT_RUN_BEAT, args![run, now]).await? == 1)
}

/// Makes the rows written from now on those of this run, after the last row of another was removed.
pub async fn import_take_over(tx: &mut Tx, run: ImportId) -> Result<(), StoreError> {
    tx.execute(&IMPORT_PENDING_SET, args![run])
        .await
        .map(|_rows| ())
}

/// Ends a run: from now on what it wrote is visible, all of it in this one transaction. False when
/// the run has no longer its place; true also when it has ended already.
pub async fn import_finish(tx: &mut Tx, run: ImportId) -> Result<bool, StoreError> {
    let State { pending, holder } = state(tx).await?;
    if pending.is_none() && holder.is_none() {
        return Ok(true);
    }
    if pending != Some(run) || holder.is_none_or(|(id, _beat_at)| id != run) {
        return Ok(false);
    }
    tx.execute(&IMPORT_RUN_CLEAR, args![]).await?;
    tx.execute(&IMPORT_PENDING_CLEAR, args![]).await?;
    Ok(true)
}
