//! Every form of the dashboard: one for each route that changes something.

use super::{MEMBER, MOBILE, Props, REVOKE, ROTATE, TRY_IT, filled_in};
use crate::site::{PASSWORD, Site};

/// A form of a page, as a browser sends it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FormCase {
    /// The route of `web.rs` that takes it.
    pub(crate) route: &'static str,
    /// The page that it is on.
    pub(crate) page: &'static str,
    /// Who fills it in.
    pub(crate) who: Option<&'static str>,
    /// What is filled in.
    pub(crate) filled: &'static [(&'static str, &'static str)],
}

const fn form(
    route: &'static str,
    page: &'static str,
    filled: &'static [(&'static str, &'static str)],
) -> FormCase {
    FormCase {
        route,
        page,
        who: Some("bo"),
        filled,
    }
}

/// Every form: one for each route that changes something.
pub(crate) const FORMS: &[FormCase] = &[
    FormCase {
        who: None,
        ..form(
            "/sign-in",
            "/sign-in",
            &[("email", "bo@acme.example"), ("password", PASSWORD)],
        )
    },
    form("/sign-out", MOBILE, &[]),
    form("/preferences", MOBILE, &[("look", "dark")]),
    form(
        "/orgs/{organization}/security/tokens",
        MOBILE,
        &[("name", "Made by a form")],
    ),
    form(
        "/orgs/{organization}/security/tokens/{token}/rotate",
        ROTATE,
        &[("overlap", "3600")],
    ),
    form(
        "/orgs/{organization}/security/try-it",
        TRY_IT,
        &[("pat", "{secret}")],
    ),
    form(
        "/orgs/{organization}/security/tokens/{token}/revoke",
        REVOKE,
        &[],
    ),
    form("/tokens/revoke", "/tokens/revoke", &[]),
    form("/sessions", MOBILE, &[("end", "{session}")]),
    form("/sessions/others", "/sessions/others", &[]),
    FormCase {
        who: Some("cem"),
        ..form(
            "/password",
            "/password",
            &[
                ("present", PASSWORD),
                ("new", "four words and a half"),
                ("again", "four words and a half"),
            ],
        )
    },
    FormCase {
        who: Some("ana"),
        ..form(
            "/orgs/{organization}/team/{user}",
            MEMBER,
            &[("role", "view-build")],
        )
    },
    FormCase {
        who: Some("ana"),
        ..form("/orgs/{organization}/team/{user}/suspend", MEMBER, &[])
    },
    FormCase {
        who: Some("ana"),
        ..form(
            "/orgs/{organization}/team/{user}/remove",
            "/orgs/{organization:Mobile}/team/{user}/remove",
            &[],
        )
    },
    FormCase {
        who: Some("ana"),
        ..form(
            "/orgs/{organization}/move",
            "/orgs/{organization:Web}/move",
            &[("parent", "{mobile}")],
        )
    },
    FormCase {
        who: Some("ana"),
        ..form(
            "/orgs/{organization}/tokens/revoke",
            "/orgs/{organization}/tokens/revoke?id={managed}",
            &[("count", "1")],
        )
    },
    FormCase {
        who: Some("ana"),
        ..form(
            "/orgs/{organization}/invite",
            "/orgs/{organization:Web}/invite",
            &[("emails", "new@acme.example")],
        )
    },
    FormCase {
        who: Some("ana"),
        ..form(
            "/orgs/{organization}/invitations",
            "/orgs/{organization:Mobile}/invitations",
            &[("withdraw", "kim@acme.example")],
        )
    },
    FormCase {
        who: Some("ana"),
        ..form(
            "/orgs/{organization}/new",
            "/orgs/{organization:Mobile}/new",
            &[("name", "Made by a form")],
        )
    },
    FormCase {
        who: Some("ana"),
        ..form(
            "/organizations/new",
            "/organizations/new",
            &[("name", "Also made by a form")],
        )
    },
    FormCase {
        who: Some("ana"),
        ..form(
            "/orgs/{organization}/rename",
            "/orgs/{organization:Web}/rename",
            &[("name", "Renamed by a form")],
        )
    },
    FormCase {
        who: Some("ana"),
        ..form(
            "/orgs/{organization}/delete",
            "/orgs/{organization:Mobile}/delete",
            &[("confirm", "Mobile")],
        )
    },
];

/// Forms that are there only before the first account, in the demo, by a link, or with mail: their own
/// tests send them from another site.
pub(crate) const ELSEWHERE: [&str; 6] = [
    "/setup",
    "/demo",
    "/invitation",
    "/invitation/account",
    "/forgotten",
    "/reset",
];

impl FormCase {
    /// Where it goes to.
    pub(crate) fn path(&self, site: &Site, props: &Props) -> String {
        // The organization of the page that the form is on.
        let mut parts = self.page.split('/');
        let at = parts.find(|part| part.starts_with("{organization"));
        let route = self.route.replace("{organization}", at.unwrap_or_default());
        filled_in(site, props, &route)
    }

    /// What is filled in, by field.
    pub(crate) fn fields(&self, site: &Site, props: &Props) -> Vec<(&'static str, String)> {
        let fields = self.filled.iter();
        fields
            .map(|(name, value)| (*name, filled_in(site, props, value)))
            .collect()
    }
}
