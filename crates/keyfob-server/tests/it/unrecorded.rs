//! An audit log that takes no record: the change is then to be refused as a whole. Used over HTTP and by
//! command.

use keyfob_store::Store;
use keyfob_store::probe;

/// The two engines' words for it.
const ON_SQLITE: &str = "CREATE TRIGGER no_record BEFORE INSERT ON audit_record
    BEGIN SELECT RAISE(ABORT, 'no record can be written'); END;";
const ON_POSTGRES: &str = "CREATE FUNCTION no_record() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'no record can be written'; END $$;
    CREATE TRIGGER no_record BEFORE INSERT ON audit_record FOR EACH ROW EXECUTE FUNCTION no_record();";

/// Which engine a test runs on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// From now on no record can be written.
pub(crate) async fn refuse_records(store: &Store, engine: Engine) {
    let statements = match engine {
        Engine::Sqlite => ON_SQLITE,
        Engine::Postgres => ON_POSTGRES,
    };
    let mut tx = store.write().await.unwrap();
    probe::script(&mut tx, statements).await.unwrap();
    tx.commit().await.unwrap();
}
