//! What each command of `keyfobd` does.

use std::io;

use self::keys::Rotate;
use self::roles::Mode;
use self::serve::OnIssuerChange;
use crate::cli::{
    AuditCommand, Cli, Command, ConfigCommand, Confirm, KeysCommand, OrgCommand, RolesCommand,
    UserCommand,
};
use crate::config::Config;
use crate::telemetry;

mod audit;
mod config;
mod demo;
mod docs;
mod doctor;
mod explain;
mod import;
mod keys;
mod migrate;
mod operator;
mod org;
pub mod password;
mod roles;
mod serve;
mod user;

/// Runs the command that was asked for.
///
/// # Errors
/// What went wrong, as one sentence with its causes.
pub async fn run(cli: Cli) -> anyhow::Result<()> {
    let overrides = cli.overrides();
    // Loaded by each command that needs it: some work beside a configuration that is broken.
    let load = || {
        let config = Config::load(overrides.clone())?;
        telemetry::init(&config.log)?;
        anyhow::Ok(config)
    };
    match cli.command {
        Command::Docs(args) => docs::write(&args.dir),
        Command::Doctor(args) => doctor::run(overrides, &args).await,
        Command::Config(ConfigCommand::Defaults) => config::defaults(&mut io::stdout().lock()),
        Command::Config(ConfigCommand::Check) => config::check(&load()?, &mut io::stdout().lock()),
        Command::Serve(args) if args.demo => demo::run(&load()?, demo::Form::of(&args)).await,
        Command::Serve(args) => {
            let replace = args.change_issuer;
            let on_change = if replace {
                OnIssuerChange::Replace
            } else {
                OnIssuerChange::Refuse
            };
            serve::run(&load()?, on_change).await
        }
        Command::Migrate => migrate::run(&load()?).await,
        Command::Import(args) => import::run(&load()?, &args).await,
        Command::Roles(RolesCommand::Show) => roles::show(&load()?).await,
        Command::Roles(RolesCommand::Apply { file, dry_run }) => {
            let mode = if dry_run { Mode::DryRun } else { Mode::Apply };
            roles::apply(&load()?, &file, mode).await
        }
        Command::Keys(command) => run_keys(&load()?, command).await,
        Command::User(command) => run_user(&load()?, command).await,
        Command::Audit(command) => run_audit(&load()?, command).await,
        Command::Explain {
            user,
            organization,
            permission,
        } => explain::explain(&load()?, &user, &organization, &permission).await,
        Command::Org(OrgCommand::Add {
            name,
            owner,
            parent,
        }) => {
            let new = org::Add {
                name: &name,
                owner: owner.as_deref(),
                parent: parent.as_deref(),
            };
            org::add(&load()?, &new).await
        }
    }
}

async fn run_audit(config: &Config, command: AuditCommand) -> anyhow::Result<()> {
    match command {
        AuditCommand::Verify(args) => audit::verify(config, &args).await,
        AuditCommand::Checkpoint { out } => audit::take(config, out.as_deref()).await,
        AuditCommand::Key => audit::key(config).await,
    }
}

async fn run_keys(config: &Config, command: KeysCommand) -> anyhow::Result<()> {
    match command {
        KeysCommand::List => keys::list(config).await,
        KeysCommand::Rotate {
            emergency: true, ..
        } => keys::rotate(config, Rotate::SigningNow).await,
        KeysCommand::Rotate { pepper: true, .. } => keys::rotate(config, Rotate::Pepper).await,
        KeysCommand::Rotate { .. } => keys::rotate(config, Rotate::Signing).await,
        KeysCommand::Rewrap { new_root_key_file } => keys::rewrap(config, &new_root_key_file).await,
    }
}

async fn run_user(config: &Config, command: UserCommand) -> anyhow::Result<()> {
    match command {
        UserCommand::Add {
            email,
            full_name,
            external_id,
            password,
        } => {
            let external_id = external_id.as_deref();
            let new = user::Add {
                email: &email,
                full_name: &full_name,
                external_id,
                password: &password,
            };
            user::add(config, &new).await
        }
        UserCommand::Suspend { user } => user::suspend(config, &user).await,
        UserCommand::Reactivate { user } => user::reactivate(config, &user).await,
        UserCommand::Erase { user, yes } => {
            let confirm = if yes { Confirm::Given } else { Confirm::Ask };
            user::erase(config, &user, confirm).await
        }
        UserCommand::SetupLink => user::setup_link(config).await,
        UserCommand::SetPassword { user, password } => {
            user::set_password(config, &user, &password).await
        }
    }
}
