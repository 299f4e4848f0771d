//! The command line of `keyfobd audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::checkpoint::note::NoteKey;

/// `keyfobd audit`.
#[derive(Debug, Clone, Subcommand)]
pub enum AuditCommand {
    /// Find out whether a record was changed, taken out, put in or cut off
    #[command(after_help = "Examples:
  keyfobd audit verify
  keyfobd audit verify --checkpoint june.note --checkpoint july.note

Its exit status is 0 if every record is as it was written. For each chain that is not, it names the first
record that is wrong. Servers may run meanwhile. Only a checkpoint that was kept elsewhere shows that the
end of a chain was cut off together with its head, or that the database is an older one.")]
    Verify(AuditVerifyArgs),
    /// Print what the audit log holds now, signed, to be kept elsewhere
    #[command(after_help = "Examples:
  keyfobd audit checkpoint > july.note
  keyfobd audit checkpoint --out july.note

It is a text with one line for each tree, without names, in the form of C2SP signed-note.")]
    Checkpoint {
        /// Write it to a new file
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Print the public key that checkpoints are signed with, to be kept with them
    Key,
}

/// `keyfobd audit verify`.
#[derive(Debug, Clone, Default, Args)]
pub struct AuditVerifyArgs {
    /// A checkpoint that all must still fit; may be given several times
    #[arg(long = "checkpoint", value_name = "FILE")]
    pub checkpoints: Vec<PathBuf>,
    /// The public key that signed them, instead of the one in the database; may be given several times
    #[arg(long = "key", value_name = "KEY", value_parser = NoteKey::parse, requires = "checkpoints")]
    pub keys: Vec<NoteKey>,
}
