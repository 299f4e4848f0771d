//! `keyfobd migrate`: brings the database's schema up to date.

use std::io::{self, Write as _};

use anyhow::Result;

use super::operator::Operator;
use crate::config::Config;
use crate::open::Schema;

/// `migrate`
pub(super) async fn run(config: &Config) -> Result<()> {
    let operator = Operator::open(config, Schema::Migrate).await?;
    writeln!(io::stdout(), "The schema is up to date.")?;
    operator.store.close().await;
    Ok(())
}
