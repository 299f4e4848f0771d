//! The authorization matrix: every route of the management API, every kind of caller, every place in the tree,
//! against an oracle that was written from the contract (`authz_matrix/oracle.rs`). The table that comes out
//! is kept for readers (`snapshots/authz_matrix.snap`).

mod cast;
mod oracle;
mod requests;
mod routes;
mod world;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use futures_util::future::join_all;

use self::cast::{Caller, everybody};
use self::oracle::{Outcome, expected, expected_of_current};
use self::requests::request;
use self::routes::{ROUTES, Row, Special};
use self::world::World;
use super::routes::routes as served;

/// Worlds at the same time.
const PARTS: usize = 4;

#[test]
fn every_route_of_the_management_api_is_in_the_authorization_matrix() {
    let ours: BTreeSet<(&str, String)> =
        ROUTES.iter().map(|row| (row.method, row.path())).collect();
    let areas = [
        "/identity/",
        "/roles.json",
        "/oauth/userinfo",
        "/auth/realms/",
    ];
    let theirs: BTreeSet<(&str, String)> = served()
        .into_iter()
        .filter(|(_method, route)| areas.iter().any(|area| route.starts_with(area)))
        .map(|(method, route)| (method, route.to_owned()))
        .collect();
    let missing: Vec<_> = theirs.difference(&ours).collect();
    assert!(
        missing.is_empty(),
        "add to ROUTES in routes.rs: {missing:?}"
    );
    let gone: Vec<_> = ours.difference(&theirs).collect();
    assert!(gone.is_empty(), "take out of ROUTES in routes.rs: {gone:?}");
}

#[test]
fn no_row_of_the_authorization_matrix_is_there_twice() {
    let headings: BTreeSet<String> = ROUTES.iter().map(Row::heading).collect();
    assert_eq!(headings.len(), ROUTES.len());
    let callers: BTreeSet<&str> = everybody().map(|caller| caller.what).collect();
    assert_eq!(callers.len(), everybody().count());
}

/// The success of an answer has many statuses; which one says nothing of who may.
fn said((status, code): (u16, &str)) -> String {
    match status {
        200..=299 => "ok".to_owned(),
        _refused => format!("{status} {code}"),
    }
}

fn read(outcome: &str) -> Outcome<'_> {
    let (status, code) = outcome.split_once(' ').unwrap_or((outcome, ""));
    (status.parse().unwrap(), code)
}

/// What a caller gets at each place, and what of it is not what the oracle says.
async fn cells(world: &mut World, row: &Row, caller: &Caller) -> (Vec<String>, Vec<String>) {
    let (mut cells, mut wrong) = (Vec::new(), Vec::new());
    for place in row.places() {
        let answer = request(world, row, caller, *place).send().await;
        let got = said(read(&answer.outcome()));
        let wanted = said(if row.special == Special::Current {
            expected_of_current(row.asks, caller)
        } else {
            expected(row.asks, caller, *place)
        });
        if got != wanted {
            let (heading, what, at) = (row.heading(), caller.what, place.name());
            wrong.push(format!("{heading}, {what}, at {at}: {got}, not {wanted}"));
        }
        if got == "ok" && row.method != "GET" {
            world.mend(row, caller, *place).await;
        }
        cells.push(got);
    }
    (cells, wrong)
}

/// Asks for some of the rows, in a world of their own; the table, and what in it is wrong.
async fn part(rows: &[Row]) -> (String, Vec<String>) {
    let mut world = World::new().await;
    let (mut table, mut wrong) = (String::new(), Vec::new());
    for row in rows.iter().filter(|row| row.is_sent()) {
        writeln!(table, "{}", row.heading()).unwrap();
        for caller in everybody() {
            let (cells, not_so) = cells(&mut world, row, caller).await;
            wrong.extend(not_so);
            writeln!(table, "  {:<30} {}", caller.what, cells.join(" | ")).unwrap();
        }
    }
    (table, wrong)
}

#[tokio::test]
async fn every_caller_gets_at_every_place_what_the_contract_says() {
    // While one waits for its database another one goes on.
    let parts = ROUTES.chunks(ROUTES.len().div_ceil(PARTS)).map(part);
    let (tables, wrong): (String, Vec<Vec<String>>) = join_all(parts).await.into_iter().unzip();
    let wrong = wrong.concat();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let places = "own | child | grandchild | parent | sibling | another tree";
    let table = format!("At: {places}\n{tables}");
    insta::with_settings!({ prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("authz_matrix", table);
    });
}
