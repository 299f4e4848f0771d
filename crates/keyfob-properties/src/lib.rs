//! What holds of every parser that reads what a stranger or a file can send: one function for each.
//!
//! Each takes any bytes, gives them to the parser that ships, and panics where a property does not hold:
//! what is printed is read back as the same, what must be refused is refused, bounds are kept, no secret
//! is told, and a second reading, written apart, agrees. The fuzzer calls them (`fuzz/`, by
//! `cargo xtask fuzz`), and so does an ordinary test for every file of the kept corpus.
//!
//! The parsers that are private are reached by hidden `probe` modules beside them. Deliberately absent:
//! anything that ships.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a property that does not hold is to stop at once"
)]

mod http_request;
mod secret;

/// Hands the names of all targets to a macro.
#[macro_export]
macro_rules! for_each_target {
    ($do:ident) => {
        $do! {
            authorization
            config
            cookie
            database_url
            date
            document
            email
            first_bytes
            foreign_pattern
            forwarded_for
            id
            import
            json_body
            jwks
            jws
            name
            networks
            password_hash
            pat_text
            path
            public_url
            reach
            roles_file
            root_key
            scope
            token_form
            user_agent
        }
    };
}

macro_rules! modules {
    ($($name:ident)+) => { $(pub mod $name;)+ };
}

for_each_target!(modules);
