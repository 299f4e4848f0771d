//! The command line of `keyfobd user`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `keyfobd user`.
#[derive(Debug, Clone, Subcommand)]
pub enum UserCommand {
    /// Add a person
    #[command(after_help = "Examples:
  keyfobd user add ana@example.com --full-name \"Ana Lima\"
  keyfobd user add ana@example.com --full-name \"Ana Lima\" --password-file ana.txt

On a terminal, without a password flag, the password is asked for twice.")]
    Add {
        /// The e-mail address, with which the person signs in
        email: String,
        /// The name that others see
        #[arg(long, value_name = "NAME")]
        full_name: String,
        /// The person's id in another system
        #[arg(long, value_name = "ID")]
        external_id: Option<String>,
        /// Where the password comes from.
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// Suspend a person: sessions end, tokens are refused
    Suspend {
        /// The e-mail address, or the id
        user: String,
    },
    /// Reactivate a person: tokens work again
    Reactivate {
        /// The e-mail address, or the id
        user: String,
    },
    /// Destroy what names a person; the audit log goes on and shows "Erased person"
    #[command(after_help = "Examples:
  keyfobd user erase ana@example.com
  keyfobd user erase ana@example.com --yes

Memberships end and tokens are revoked first. The only owner of an organization is not erased. It asks for the
e-mail address once more. The address is free then, but no import brings the person back. Servers may run
meanwhile.")]
    Erase {
        /// The e-mail address, or the id
        user: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Print a link with which the first account is made, while there is none
    #[command(after_help = "Example:
  keyfobd user setup-link

It works once, within 15 minutes. A server that starts without any account prints one by itself.")]
    SetupLink,
    /// Set a new password, which ends all sessions of the person
    SetPassword {
        /// The e-mail address, or the id
        user: String,
        /// Where the password comes from.
        #[command(flatten)]
        password: PasswordArgs,
    },
}

/// Where a password comes from; on a terminal it is asked for when no flag says otherwise.
#[derive(Debug, Clone, Default, Args)]
pub struct PasswordArgs {
    /// Read the password from the first line of standard input
    #[arg(long, conflicts_with = "password_file")]
    pub password_stdin: bool,
    /// Read the password from the first line of a file
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// Whether somebody is asked before something is destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirm {
    /// They are.
    Ask,
    /// They said so already.
    Given,
}
