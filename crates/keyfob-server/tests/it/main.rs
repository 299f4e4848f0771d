//! The server from outside: in process over both engines, and as a process.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::tests_outside_test_module,
    clippy::duplicate_mod,
    reason = "a test binary: it may panic, has no test module, and runs one suite on two engines"
)]

mod browser;
mod client;
mod edge;
mod erasing;
mod import;
mod listening;
mod mail_server;
mod model;
mod program;
mod reader;
mod scenes;
mod site;
mod templates;
mod unrecorded;

/// The suite over the embedded database.
#[path = "rules"]
mod on_sqlite {
    use keyfob_testkit::backend::Backend;

    mod activity;
    mod audit_log;
    mod authz_matrix;
    mod bodies;
    mod callers;
    mod cross_site;
    mod discovery;
    mod door_checks;
    mod door_fields;
    mod door_paths;
    mod door_refusals;
    mod door_success;
    mod elsewhere;
    mod erased;
    mod explain;
    mod headers;
    mod invitations;
    mod keys;
    mod live;
    mod logs;
    mod loss;
    mod managed_tokens;
    mod members;
    mod oauth_token;
    mod openapi;
    mod organizations;
    mod outage;
    mod pages;
    mod pat_choices;
    mod pat_generate;
    mod pat_rotate;
    mod pat_rotate_again;
    mod pat_rotate_end;
    mod proxies;
    mod races;
    mod refusals;
    mod resource_servers;
    mod rotation_under_load;
    mod routes;
    mod secrets;
    mod session_ends;
    mod sessions;
    mod standards;
    mod standing;
    mod throttled;
    mod token_form;
    mod tree;
    mod unrecorded;
    mod wire;

    async fn backend() -> Backend {
        Backend::sqlite().await
    }
}

/// The same suite over PostgreSQL.
#[path = "rules"]
mod on_postgres {
    use std::time::Duration;

    use keyfob_testkit::backend::Backend;

    mod activity;
    mod audit_log;
    mod authz_matrix;
    mod bodies;
    mod callers;
    mod cross_site;
    mod discovery;
    mod door_checks;
    mod door_fields;
    mod door_paths;
    mod door_refusals;
    mod door_success;
    mod elsewhere;
    mod erased;
    mod explain;
    mod headers;
    mod invitations;
    mod keys;
    mod live;
    mod logs;
    mod loss;
    mod lost_commits;
    mod managed_tokens;
    mod members;
    mod oauth_token;
    mod openapi;
    mod organizations;
    mod outage;
    mod pages;
    mod pat_choices;
    mod pat_generate;
    mod pat_rotate;
    mod pat_rotate_again;
    mod pat_rotate_end;
    mod proxies;
    mod races;
    mod refusals;
    mod resource_servers;
    mod rotation_under_load;
    mod routes;
    mod secrets;
    mod session_ends;
    mod sessions;
    mod standards;
    mod standing;
    mod throttled;
    mod token_form;
    mod tree;
    mod unrecorded;
    mod wire;

    /// A machine under the load of all tests at once is slow, and slowness is not what they ask about.
    async fn backend() -> Backend {
        Backend::postgres_with(|options| options.deadline(Duration::from_mins(1))).await
    }
}
