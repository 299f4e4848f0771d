//! Which path a request means (contract X2).
//!
//! Existing clients put base addresses together with a slash too many. Under the addresses they use,
//! repeated slashes count as one and a slash at the end as none; such a path is rewritten inside, never
//! redirected, because a redirect would send a secret twice or turn a POST into a GET. Everywhere else
//! one thing has one address.

use http::Uri;
use http::uri::PathAndQuery;

/// Below these the rule is lenient, and only as a whole segment: `/auth/v10` is another address.
const LENIENT: [&str; 5] = [
    "/auth/v1",
    "/auth/v2",
    "/auth/v3",
    "/auth/realms",
    "/identity/v1",
];

/// The token doors: their errors are flat JSON (X6).
const DOORS: [&str; 4] = ["/auth/v1", "/auth/v2", "/auth/v3", "/oauth/token"];

/// Below these are programs' addresses: their errors are never pages.
const FOR_PROGRAMS: [&str; 6] = [
    "/.well-known",
    "/auth",
    "/healthz",
    "/identity",
    "/oauth",
    "/readyz",
];

/// Whether an address is for programs only.
pub(super) fn is_for_programs(path: &str) -> bool {
    FOR_PROGRAMS.iter().any(|area| is_under(path, area))
}

/// The address that is meant, with its query; none when there is nothing at such an address.
pub(super) fn meant(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    if !path.starts_with('/') || is_evasive(path) {
        return None;
    }
    if !path.contains("//")
        && (path.len() == 1 || !path.ends_with('/'))
        && uri.authority().is_none()
    {
        // As almost every request: nothing to settle.
        return Some(uri.clone());
    }
    let single = one_slash(path);
    let path = if single == path {
        path
    } else if LENIENT.iter().any(|area| is_under(&single, area)) {
        &single
    } else {
        return None;
    };
    let target = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let target = PathAndQuery::try_from(target).ok()?;
    Uri::builder().path_and_query(target).build().ok()
}

/// The form in which an address answers its errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// A token door: flat JSON.
    OAuth,
    /// Everything else: problem details.
    Problem,
}

impl Dialect {
    /// That of a path.
    pub(super) fn of(path: &str) -> Self {
        if DOORS.iter().any(|door| is_under(path, door)) {
            Self::OAuth
        } else {
            Self::Problem
        }
    }
}

/// `.`, `..`, an encoded slash, a backslash: forms in which two programs read two different paths.
fn is_evasive(path: &str) -> bool {
    if !path.contains(['.', '%', '\\']) {
        // As the path of almost every request.
        return false;
    }
    let lower = path.to_ascii_lowercase();
    let is_dots = |segment: &str| matches!(segment.replace("%2e", ".").as_str(), "." | "..");
    ["\\", "%5c", "%2f"].iter().any(|part| lower.contains(part)) || lower.split('/').any(is_dots)
}

fn one_slash(path: &str) -> String {
    let mut single = String::with_capacity(path.len());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        single.push('/');
        single.push_str(segment);
    }
    if single.is_empty() {
        single.push('/');
    }
    single
}

fn is_under(path: &str, area: &str) -> bool {
    path.strip_prefix(area)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(target: &str) -> Option<String> {
        let uri: Uri = target.parse().expect("a URI");
        meant(&uri).map(|uri| uri.to_string())
    }

    #[test]
    fn x2_slashes_too_many_do_not_count_under_the_addresses_of_existing_clients() {
        for (sent, served) in [
            ("/auth/v2/token", "/auth/v2/token"),
            ("//auth/v1/token", "/auth/v1/token"),
            ("/auth//v1///token/", "/auth/v1/token"),
            ("/auth/v3/token//", "/auth/v3/token"),
            (
                "/identity/v1//organizations/?a=/b//c",
                "/identity/v1/organizations?a=/b//c",
            ),
            ("/auth/realms/any//protocol/", "/auth/realms/any/protocol"),
            ("/auth/v1/", "/auth/v1"),
            ("/", "/"),
            ("/healthz?x", "/healthz?x"),
            ("http://host//auth/v1/token", "/auth/v1/token"),
        ] {
            assert_eq!(path(sent).as_deref(), Some(served), "{sent}");
        }
    }

    #[test]
    fn x2_everywhere_else_one_thing_has_one_address() {
        for sent in [
            "/healthz/",
            "//healthz",
            "//",
            "/auth/v10//token",
            "/auth/v1x/token/",
            "/auth/v4/token/",
            "/auth/",
            "/oauth/token/",
            "*",
        ] {
            assert_eq!(path(sent), None, "{sent}");
        }
    }

    #[test]
    fn x2_forms_that_two_programs_read_differently_lead_nowhere() {
        for sent in [
            "/auth/v2/./token",
            "/auth/v2/../v1/token",
            "/auth/v2/%2e%2E/v1/token",
            "/auth/v2/.%2e",
            "/auth/v2%2Ftoken",
            "/auth%2fv2/token",
            "/auth/v2%5ctoken",
            "/auth/v2\\token",
            "/..",
        ] {
            assert_eq!(path(sent), None, "{sent}");
        }
        assert!(
            path("/auth/v2/to.ken..x").is_some(),
            "dots inside a segment are letters"
        );
    }

    #[test]
    fn x6_a_door_ends_where_its_name_ends() {
        for door in ["/auth/v1/token", "/oauth/token", "/auth/v3"] {
            assert_eq!(Dialect::of(door), Dialect::OAuth, "{door}");
        }
        for other in ["/auth/v10/token", "/oauth/introspect", "/oauth/token2", "/"] {
            assert_eq!(Dialect::of(other), Dialect::Problem, "{other}");
        }
    }
}
