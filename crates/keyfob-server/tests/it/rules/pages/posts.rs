//! Every form about an organization, sent well by everybody: with a form token of their own, just signed in.
//! Who may not changes nothing, whatever page they took the form from; the least of those who may does it.

use std::collections::BTreeSet;

use keyfob_core::id::UserId;
use keyfob_testkit::schema::dump;

use super::super::routes::routes_in;
use super::matrix::SOURCE;
use crate::reader::{PageForm, Reader, form};
use crate::site::{Pat, Site};

/// Who may, by contract section 5. Each that may less is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum May {
    /// Whoever knows the organization.
    Known,
    /// A direct member.
    Member,
    Manager,
    Owner,
    /// The holder of the token alone.
    Holder,
}

/// A form: where it goes, the page that it is on, what is entered, and who may send it.
struct Row {
    route: &'static str,
    page: &'static str,
    entered: &'static [(&'static str, &'static str)],
    may: May,
}

const fn row(
    route: &'static str,
    page: &'static str,
    entered: &'static [(&'static str, &'static str)],
    may: May,
) -> Row {
    Row {
        route,
        page,
        entered,
        may,
    }
}

/// `{organization}` is Acme, `{below}` is Mobile, `{user}` and `{token}` are Tess and her token, both at Acme.
const ROWS: [Row; 15] = [
    row(
        "/orgs/{organization}/new",
        "/orgs/{organization}/new",
        &[("name", "Labs")],
        May::Manager,
    ),
    row(
        "/orgs/{organization}/rename",
        "/orgs/{organization}/rename",
        &[("name", "Apex")],
        May::Manager,
    ),
    row(
        "/orgs/{below}/move",
        "/orgs/{below}/move",
        &[("parent", "{web}")],
        May::Owner,
    ),
    row(
        "/orgs/{below}/delete",
        "/orgs/{below}/delete",
        &[("confirm", "Mobile")],
        May::Owner,
    ),
    row(
        "/orgs/{organization}/invite",
        "/orgs/{organization}/invite",
        &[
            ("emails", "lea@acme.example"),
            ("preset-{organization}", "some"),
            ("role-{organization}", "view-organization"),
        ],
        May::Manager,
    ),
    row(
        "/orgs/{organization}/invitations",
        "/orgs/{organization}/invitations",
        &[("withdraw", "kim@acme.example")],
        May::Manager,
    ),
    row(
        "/orgs/{organization}/team/{user}",
        "/orgs/{organization}/team/{user}",
        &[("role", "view-organization")],
        May::Manager,
    ),
    row(
        "/orgs/{organization}/team/{user}/suspend",
        "/orgs/{organization}/team/{user}",
        &[],
        May::Manager,
    ),
    row(
        "/orgs/{organization}/team/{user}/remove",
        "/orgs/{organization}/team/{user}/remove",
        &[],
        May::Manager,
    ),
    row(
        "/orgs/{organization}/tokens/revoke",
        "/orgs/{organization}/tokens/revoke?id={token}",
        &[("count", "1")],
        May::Manager,
    ),
    row(
        "/orgs/{organization}/security/tokens",
        "/orgs/{organization}/security",
        &[],
        May::Member,
    ),
    row(
        "/orgs/{organization}/security/tokens/{token}/revoke",
        "/orgs/{organization}/security/tokens/{token}/revoke",
        &[],
        May::Holder,
    ),
    row(
        "/orgs/{organization}/security/tokens/{token}/rotate",
        "/orgs/{organization}/security/tokens/{token}/rotate",
        &[("overlap", "0")],
        May::Holder,
    ),
    row(
        "/orgs/{organization}/security/try-it",
        "/orgs/{organization}/security/try-it",
        &[("pat", "{secret}")],
        May::Known,
    ),
    // The owner of all above takes no part in it: what counts is to be a member there.
    row(
        "/orgs/{below}/security/tokens",
        "/orgs/{organization}/security",
        &[],
        May::Member,
    ),
];

/// Everybody, from who may the least.
const READERS: [&str; 5] = ["dee", "sue", "vic", "cem", "ana"];

/// What a reader may not is refused so.
fn refusal(reader: &str, row: &Row) -> Option<&'static [u16]> {
    let is_below = row.route.contains("{below}");
    let may = match (reader, row.may) {
        // Nobody here holds it. Who cannot see a token is not told of it.
        (_, May::Holder) => return Some(&[403, 404]),
        ("dee", _) => return Some(&[404]),
        // Ana and Cem are members above; nobody here is one below.
        ("vic" | "cem" | "ana", May::Member) => !is_below,
        (_, May::Known) | ("cem", May::Manager) | ("ana", May::Manager | May::Owner) => true,
        _less => false,
    };
    (!may).then_some(&[403])
}

/// A form token without a number, and one with: what a form of theirs carries.
struct Own {
    plain: String,
    number: String,
    numbered: String,
}

impl Own {
    async fn of(reader: &mut Reader<'_>, path: &str) -> Self {
        let page = reader.get(path).await;
        let (plain, numbered) = (form(&page, "/sign-out"), form(&page, "/security/tokens"));
        Self {
            plain: plain.value("formToken").to_owned(),
            number: numbered.value("form").to_owned(),
            numbered: numbered.value("formToken").to_owned(),
        }
    }

    /// The form as it would be on a page of theirs.
    fn put_into(&self, form: PageForm) -> PageForm {
        if form.has("form") {
            form.with("form", &self.number)
                .with("formToken", &self.numbered)
        } else {
            form.with("formToken", &self.plain)
        }
    }
}

/// The company, and beside Ana (owner) and Cem (manager) Vic, who looks at builds, Sue, who is suspended and a
/// member elsewhere, and Tess, whose membership and token it is about.
struct Company {
    site: Site,
    tess: UserId,
    pat: Pat,
}

impl Company {
    async fn new() -> Self {
        let site = Site::on(super::super::backend().await).await;
        let (tess, vic, sue) = (
            site.person("tess").await,
            site.person("vic").await,
            site.person("sue").await,
        );
        let world = &site.world;
        world.member(tess, site.acme, &["view-build"]).await;
        world.member(vic, site.acme, &["view-build"]).await;
        world.member(sue, site.acme, &["owner"]).await;
        world.suspend_member(sue, site.acme).await;
        world.member(sue, site.globex, &["view-build"]).await;
        let pat = site.pat("tess", site.acme).await;
        let ana = site.sign_in("ana").await;
        let invitations = format!("/identity/v1/organizations/{}/invitations", site.acme);
        let body = r#"{"userEmail":"kim@acme.example","roles":[]}"#;
        let invited = site.post(&invitations).cookie(&ana).json(body);
        assert_eq!(invited.outcome().await, "201");
        Self { site, tess, pat }
    }

    fn place(&self, text: &str) -> String {
        let Self { site, tess, pat } = self;
        text.replace("{organization}", &site.acme.to_string())
            .replace("{below}", &site.mobile.to_string())
            .replace("{web}", &site.web.to_string())
            .replace("{user}", &tess.to_string())
            .replace("{token}", &pat.id)
            .replace("{secret}", &pat.secret)
    }

    /// The form as it is on its page, filled in, and who has that open.
    async fn filled(&self, row: &Row) -> (Reader<'_>, PageForm) {
        // A token is on its holder's page.
        let is_tokens = row.may == May::Holder;
        let shown_to = if is_tokens { "tess" } else { "ana" };
        let mut reader = Reader::signed_in(&self.site, shown_to).await;
        let page = reader.get(&self.place(row.page)).await;
        assert_eq!(page.status, 200, "{}", row.page);
        let path = self.place(row.route);
        // The same form may be on the page of another organization.
        let end = path.rsplit_once(&self.site.mobile.to_string());
        let end = end.map_or(&*path, |(_start, end)| end);
        let filled = row
            .entered
            .iter()
            .fold(form(&page, end).to(&path), |form, (name, value)| {
                form.with(&self.place(name), &self.place(value))
            });
        (reader, filled)
    }

    async fn reader(&self, name: &str) -> (Reader<'_>, Own) {
        let mut reader = Reader::signed_in(&self.site, name).await;
        let home = match name {
            "dee" | "sue" => self.site.globex,
            _ours => self.site.acme,
        };
        let own = Own::of(&mut reader, &format!("/orgs/{home}/security")).await;
        (reader, own)
    }
}

#[test]
fn every_form_about_an_organization_is_in_the_table() {
    let forms = routes_in(SOURCE).into_iter();
    let forms = forms.filter(|(method, path)| *method == "POST" && path.starts_with("/orgs/"));
    let forms: BTreeSet<&str> = forms.map(|(_method, path)| path).collect();
    let rows = ROWS
        .iter()
        .map(|row| row.route.replace("{below}", "{organization}"));
    let rows: BTreeSet<String> = rows.collect();
    assert!(rows.iter().map(String::as_str).eq(forms));
}

#[tokio::test]
async fn a_good_form_does_nothing_for_who_may_not_and_its_work_for_who_may() {
    for row in &ROWS {
        let company = Company::new().await;
        let path = company.place(row.route);
        let (mut first, filled) = company.filled(row).await;
        let is_refused = |name: &&str| refusal(name, row).is_some();
        let (refused, allowed): (Vec<&str>, Vec<&str>) = READERS.into_iter().partition(is_refused);
        let mut readers = Vec::new();
        for name in refused {
            readers.push((name, company.reader(name).await));
        }
        let least = match allowed.first() {
            Some(name) => Some(company.reader(name).await),
            None => None,
        };
        let before = dump(&company.site.world.store).await;
        let led = Reader::new(&company.site).send(&filled).await;
        assert_eq!(led.status, 303, "{path}");
        assert!(led.header("location").unwrap().starts_with("/sign-in"));
        for (name, (mut reader, own)) in readers {
            let answer = reader.send(&own.put_into(filled.clone())).await;
            let (status, wanted) = (answer.status, refusal(name, row).unwrap());
            assert!(wanted.contains(&status), "{name} at {path}: {status}");
            // Who does not see a token gets no good form for it; who manages has *All tokens*.
            let is_old = answer.text().contains("This form is too old");
            assert!(!is_old || row.may == May::Holder, "{name} at {path}");
        }
        let after = dump(&company.site.world.store).await;
        assert!(after == before, "{path} did something");
        let done = match (least, row.may) {
            (Some((mut reader, own)), _) => reader.send(&own.put_into(filled)).await,
            (None, May::Holder) => first.send(&filled).await,
            (None, _nobody_here) => continue,
        };
        assert!(matches!(done.status, 200 | 303), "{path}: {}", done.status);
        let is_changed = dump(&company.site.world.store).await != before;
        assert_eq!(is_changed, row.may != May::Known, "{path}");
    }
}
