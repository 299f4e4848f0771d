//! What each command of `keyfobd` does.

use std::io;

use crate::cli::{Cli, Command, ConfigCommand, OrgCommand, RolesCommand, UserCommand};
use crate::config::Config;
use crate::telemetry;

mod config;
//DEMO mod demo;
mod docs;
//IMP mod import;
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
    // These two work beside a configuration that is broken.
    let command = match cli.command {
        Command::Docs(args) => return docs::write(&args.dir),
        Command::Config(ConfigCommand::Defaults) => {
            return config::defaults(&mut io::stdout().lock());
        }
        other => other,
    };
    let config = &Config::load(overrides)?;
    telemetry::init(&config.log)?;
    match command {
        Command::Config(_check) => config::check(config, &mut io::stdout().lock()),
        //DEMO Command::Serve(args) if args.demo => demo::run(config, args.json).await,
        Command::Serve(args) => serve::run(config, args.change_issuer).await,
        Command::Migrate => migrate::run(config).await,
        Command::Import(_) => Ok(()), //IMP
        Command::Roles(RolesCommand::Show) => roles::show(config).await,
        Command::Roles(RolesCommand::Apply { file, dry_run }) => roles::apply(config, &file, dry_run).await,
        Command::User(command) => run_user(config, command).await,
        Command::Org(OrgCommand::Add { name, owner, parent }) => {
            let new = org::Add { name: &name, owner: owner.as_deref(), parent: parent.as_deref() };
            org::add(config, &new).await
        }
        Command::Docs(args) => docs::write(&args.dir),
    }
}

async fn run_user(config: &Config, command: UserCommand) -> anyhow::Result<()> {
    match command {
        UserCommand::Add { email, full_name, external_id, password } => {
            let external_id = external_id.as_deref();
            let new = user::Add { email: &email, full_name: &full_name, external_id, password: &password };
            user::add(config, &new).await
        }
        UserCommand::Suspend { user } => user::suspend(config, &user).await,
        UserCommand::Reactivate { user } => user::reactivate(config, &user).await,
        UserCommand::SetPassword { user, password } => user::set_password(config, &user, &password).await,
    }
}
