//! `keyfobd import`: every sentence of contract 7 about it, on both engines.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use keyfob_core::foreign::{Foreign, TokenForms};
use keyfob_core::name::Email;
use keyfob_core::secret::{PatSecret, Prefix, Scheme};
use keyfob_server::import::{Import, ImportError, OnBad, Rivals, Source, Summary, Watch};
use keyfob_server::roles_file;
use keyfob_store::Tx;
use keyfob_store::user::{User, user_find_by_email};
use keyfob_testkit::schema::dump;
use keyfob_testkit::world::World;

use self::sha2_hex::{sha256, sha512};

mod command;

#[path = "import"]
mod on_sqlite {
    use keyfob_testkit::backend::Backend;
    use keyfob_testkit::world::World;

    mod bad_lines;
    mod ended;
    mod hidden;
    mod made;
    mod tokens;

    async fn world() -> World {
        World::on(Backend::sqlite().await).await
    }
}

#[path = "import"]
mod on_postgres {
    use keyfob_testkit::backend::Backend;
    use keyfob_testkit::world::World;

    mod bad_lines;
    mod ended;
    mod hidden;
    mod made;
    mod tokens;

    async fn world() -> World {
        World::on(Backend::postgres().await).await
    }
}

/// Hashes of tokens, as another system would have stored them.
mod sha2_hex {
    use aws_lc_rs::digest::{SHA256, SHA512, digest};
    use data_encoding::HEXLOWER;

    pub(super) fn sha256(text: &str) -> String {
        HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref())
    }

    pub(super) fn sha512(text: &str) -> String {
        HEXLOWER.encode(digest(&SHA512, text.as_bytes()).as_ref())
    }
}

/// A tree, two people and their memberships, without a token.
const BASE: &str = r#"
{"type":"organization","name":"Acme"}
{"type":"organization","name":"Mobile","parent":"Acme"}
{"type":"organization","name":"iOS","parent":"Acme/Mobile"}
{"type":"user","email":"ana@acme.example","fullName":"Ana Lima"}
{"type":"user","email":"bo@acme.example","fullName":"Bo Ek"}
{"type":"membership","user":"ana@acme.example","organization":"Acme","roles":["owner"]}
{"type":"membership","user":"bo@acme.example","organization":"Acme/Mobile","roles":["view-build","operate-store"]}
"#;

/// A foreign kind of token.
const FOREIGN: &str = "^old_[0-9a-f]{32}$";

/// An import into a world, with the first catalogue.
fn importing(world: &World) -> Import<'static> {
    let (clock, entropy) = (Arc::clone(&world.clock), Arc::clone(&world.entropy));
    let native = Prefix::default();
    let foreign = Foreign::new("old".to_owned(), FOREIGN, Scheme::Sha512, &native).unwrap();
    Import {
        store: world.store.clone(),
        catalogue: roles_file::read(roles_file::FIRST, 1).unwrap(),
        peppers: vec![(world.pepper_id, world.pepper.clone())],
        erasure: None,
        forms: TokenForms {
            prefix: native,
            foreign: vec![foreign],
        },
        clock,
        entropy,
        rivals: Rivals::Excluded,
        passwords: &|_email| None,
    }
}

/// Imports a text of which every line must be good.
async fn import(world: &World, text: &str) -> Summary {
    let summary = try_import(world, text, OnBad::KeepNothing).await.unwrap();
    assert_eq!(summary.bad_lines, [], "every line is good");
    assert!(summary.is_kept);
    summary
}

async fn try_import(world: &World, text: &str, on_bad: OnBad) -> Result<Summary, ImportError> {
    importing(world)
        .run(&Source::Text(text.into()), on_bad, &mut ())
        .await
}

/// Imports a text and tells its bad lines.
async fn bad_lines(world: &World, text: &str) -> Vec<String> {
    let summary = try_import(world, text, OnBad::KeepNothing).await.unwrap();
    assert!(!summary.is_kept || summary.bad() == 0);
    summary.bad_lines.iter().map(ToString::to_string).collect()
}

/// Of each kind: created, unchanged, ended here, bad.
fn counts(summary: &Summary) -> [[u64; 4]; 4] {
    summary
        .counts()
        .map(|(_kind, it)| [it.created, it.unchanged, it.ended_here, it.bad])
}

/// Everything in the database but the audit log.
async fn state(world: &World) -> BTreeMap<String, BTreeSet<String>> {
    let mut tables = dump(&world.store).await;
    tables.retain(|name, _rows| !name.starts_with("audit_"));
    tables
}

async fn read(world: &World) -> Tx {
    world.store.read().await.unwrap()
}

async fn user(world: &World, email: &str) -> Option<User> {
    let email = Email::parse(email).unwrap();
    user_find_by_email(&mut read(world).await, &email)
        .await
        .unwrap()
}

/// A line that imports a token of this installation's own form.
fn token_line(secret: &PatSecret, user: &str, organization: &str, more: &str) -> String {
    let hash = sha256(secret.expose());
    format!(
        r#"{{"type":"token","user":"{user}","organization":"{organization}","name":"ci","hash":{{"sha256":"{hash}"}}{more}}}"#
    )
}

/// Somebody who is told how far an import is, and does something then.
struct Told<F>(F);

impl<F: FnMut(&keyfob_server::import::Progress) + Send + Sync> Watch for Told<F> {
    fn tell(&mut self, progress: &keyfob_server::import::Progress) {
        (self.0)(progress);
    }
}

/// Does something with the store in the middle of an import, whose thread waits meanwhile.
fn meanwhile<T>(work: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(work))
}
