//! A database of its own for each test, on either engine, gone when the test ends.
//!
//! On a server the schema is made once, in a template, and copied for each test. Several test
//! binaries may run at the same time: a lock of the server lets one of them make the template, and
//! it gets its final name only when it is complete.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test whose database cannot be had ends here, with the cause"
)]

use std::future::Future;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use anyhow::{Context as _, Result};
use keyfob_store::{Store, StoreOptions, schema_fingerprint};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};
use url::Url;

/// The variable that names a server the tests may make databases on.
pub const SERVER_VARIABLE: &str = "KEYFOB_TEST_POSTGRES";

/// Any number, the same in all test binaries.
const TEMPLATE_LOCK: i64 = 0x006b_6579_7465_7374;

/// A database that lives as long as this value, and a store open on it.
#[derive(Debug)]
pub struct Backend {
    store: Store,
    options: StoreOptions,
    place: Place,
}

#[derive(Debug)]
enum Place {
    File(TempDir),
    Server(TestDatabase),
}

impl Backend {
    /// A new file, migrated.
    pub async fn sqlite() -> Backend {
        Backend::sqlite_with(|options| options).await
    }

    /// A new file with its options changed, migrated.
    pub async fn sqlite_with(change: impl FnOnce(StoreOptions) -> StoreOptions) -> Backend {
        let directory = tempfile::tempdir().unwrap();
        let options = change(StoreOptions::sqlite(directory.path().join("keyfob.db")));
        let store = Store::open(options.clone()).await.unwrap();
        store.migrate(0).await.unwrap();
        Backend {
            store,
            options,
            place: Place::File(directory),
        }
    }

    /// A new database on the server that `KEYFOB_TEST_POSTGRES` names, migrated.
    pub async fn postgres() -> Backend {
        Backend::postgres_with(|options| options).await
    }

    /// A new database on the server with its options changed, migrated.
    pub async fn postgres_with(change: impl FnOnce(StoreOptions) -> StoreOptions) -> Backend {
        let server = server();
        let template = template(&server).await.unwrap();
        Backend::on_server(server, Some(&template), change).await
    }

    /// The same engine without any schema.
    pub async fn empty(&self) -> Backend {
        match &self.place {
            Place::File(_) => {
                let directory = tempfile::tempdir().unwrap();
                let options = StoreOptions::sqlite(directory.path().join("keyfob.db"));
                let store = Store::open(options.clone()).await.unwrap();
                Backend {
                    store,
                    options,
                    place: Place::File(directory),
                }
            }
            Place::Server(_) => Backend::on_server(server(), None, |options| options).await,
        }
    }

    async fn on_server(
        server: Url,
        template: Option<&str>,
        change: impl FnOnce(StoreOptions) -> StoreOptions,
    ) -> Backend {
        let database = TestDatabase::create(server, template).await.unwrap();
        let options = change(StoreOptions::postgres(database.url().to_string()));
        let store = Store::open(options.clone()).await.unwrap();
        Backend {
            store,
            options,
            place: Place::Server(database),
        }
    }

    /// The store that was opened with the database.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Opens one more store on the same database, as another node or process would.
    pub async fn reopen(&self) -> Store {
        Store::open(self.options.clone()).await.unwrap()
    }

    /// What the store was opened with.
    pub fn options(&self) -> StoreOptions {
        self.options.clone()
    }

    /// The file, on the embedded engine.
    pub fn file(&self) -> Option<std::path::PathBuf> {
        match &self.place {
            Place::File(directory) => Some(directory.path().join("keyfob.db")),
            Place::Server(_) => None,
        }
    }

    /// The database's address, on a server.
    pub fn url(&self) -> Option<String> {
        match &self.place {
            Place::File(_) => None,
            Place::Server(database) => Some(database.url().to_string()),
        }
    }
}

/// One database of one test.
#[derive(Debug)]
struct TestDatabase {
    server: Url,
    name: String,
}

impl TestDatabase {
    async fn create(server: Url, template: Option<&str>) -> Result<TestDatabase> {
        let name = format!("keyfob_test_{:016x}", random());
        let template = template.unwrap_or("template0");
        let client = connect(&server).await?;
        client
            .batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}"))
            .await
            .context("creating a database for a test")?;
        Ok(TestDatabase { server, name })
    }

    fn url(&self) -> Url {
        database_url(&self.server, &self.name)
    }
}

impl Drop for TestDatabase {
    /// Drops the database, also under stores that are still open.
    ///
    /// Nothing can be awaited here, and the test's own runtime may be on its last leg, so a thread
    /// with a runtime of its own does it. A failure leaves a database behind and harms no test.
    fn drop(&mut self) {
        let server = self.server.clone();
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let dropping = std::thread::spawn(move || {
            block_on(async { Ok(connect(&server).await?.batch_execute(&statement).await?) })
        });
        drop(dropping.join());
    }
}

fn server() -> Url {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test binary has no other way to be told"
    )]
    let Some(url) = std::env::var_os(SERVER_VARIABLE) else {
        panic!("{SERVER_VARIABLE} is not set; `cargo xtask test` starts a server and sets it");
    };
    Url::parse(&url.to_string_lossy()).unwrap()
}

/// Makes the template of this schema on this server unless it is there; returns its name.
async fn template(server: &Url) -> Result<String> {
    let fingerprint = schema_fingerprint();
    let name = format!(
        "keyfob_template_{}",
        fingerprint.get(..16).unwrap_or(&fingerprint)
    );
    let client = connect(server).await?;
    // Held until this connection closes, which ends with this function.
    client
        .execute("SELECT pg_advisory_lock($1)", &[&TEMPLATE_LOCK])
        .await?;
    let found = client
        .query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&name])
        .await?;
    if found.is_none() {
        let unfinished = format!("{name}_unfinished");
        client
            .batch_execute(&format!(
                "DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)"
            ))
            .await?;
        client
            .batch_execute(&format!("CREATE DATABASE {unfinished} TEMPLATE template0"))
            .await?;
        let url = database_url(server, &unfinished).to_string();
        let store = Store::open(StoreOptions::postgres(url)).await?;
        store.migrate(0).await?;
        store.close().await;
        // A connection that is just being closed would make renaming fail.
        client
            .execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1",
                &[&unfinished],
            )
            .await?;
        client
            .batch_execute(&format!("ALTER DATABASE {unfinished} RENAME TO {name}"))
            .await?;
    }
    Ok(name)
}

fn database_url(server: &Url, name: &str) -> Url {
    let mut url = server.clone();
    url.set_path(name);
    url
}

async fn connect(server: &Url) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(server.as_str(), NoTls)
        .await
        .with_context(|| format!("connecting to {SERVER_VARIABLE}"))?;
    // Ends with the client; what fails is seen there.
    drop(tokio::spawn(connection));
    Ok(client)
}

fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

/// A number that no other test draws: every `RandomState` is seeded anew by the operating system.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
