//! Every page and every form of the dashboard, in one table each: what must hold of all of them is asked of
//! each row. A route of `web.rs` that is in neither fails `rules/pages/other_sites.rs`.

mod elsewhere;
mod forms;
mod props;

pub(crate) use self::elsewhere::{DEMO, MAIL, SET_UP};
pub(crate) use self::forms::{ELSEWHERE, FORMS, FormCase};
pub(crate) use self::props::{Props, filled_in, invitation, link, set_up};

/// What a person does on a page.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// Presses what a selector names.
    Press(&'static str),
    /// Writes into it.
    Fill(&'static str, &'static str),
    /// Looks until it is there.
    See(&'static str),
    /// Is away for so many minutes.
    Pause(u64),
    /// Loses every cookie.
    Forget,
}

use Step::{Fill, Forget, Pause, Press, See};

/// One state of a page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scene {
    /// In words.
    pub(crate) what: &'static str,
    /// Who looks, by the name before `@acme.example`; nobody is signed in without one.
    pub(crate) who: Option<&'static str>,
    /// The page, with its placeholders as in `web.rs`. `{organization}` may be named: `{organization:Mobile}`.
    pub(crate) page: &'static str,
    /// What is done there.
    pub(crate) then: &'static [Step],
    /// The status of the page that is then seen.
    pub(crate) status: u16,
}

const fn scene(what: &'static str, who: &'static str, page: &'static str) -> Scene {
    Scene {
        what,
        who: Some(who),
        page,
        then: &[],
        status: 200,
    }
}

const fn for_nobody(what: &'static str, page: &'static str) -> Scene {
    Scene {
        who: None,
        ..scene(what, "", page)
    }
}

impl Scene {
    const fn then(self, then: &'static [Step]) -> Self {
        Self { then, ..self }
    }

    const fn answered(self, status: u16) -> Self {
        Self { status, ..self }
    }
}

const SECURITY: &str = "/orgs/{organization}/security";
const MOBILE: &str = "/orgs/{organization:Mobile}/security";
const REVOKE: &str = "/orgs/{organization:Mobile}/security/tokens/{token}/revoke";
const ROTATE: &str = "/orgs/{organization:Mobile}/security/tokens/{token}/rotate";
const TRY_IT: &str = "/orgs/{organization:Mobile}/security/try-it";
const MEMBER: &str = "/orgs/{organization:Mobile}/team/{user}";
const WEB: &str = "/orgs/{organization:Web}/security";
const GENERATE: Step = Press("form.generate > .btn");
const UNFOLD: Step = Press("form.generate summary");

/// Every page in each of its states.
pub(crate) const SCENES: &[Scene] = &[
    // signing in
    for_nobody("sign-in", "/sign-in"),
    for_nobody("sign-in, refused", "/sign-in")
        .then(&[
            Fill("#email", "ana@acme.example"),
            Fill("#pw", "wrong"),
            Press("form.fields .btn-primary"),
            See("#trouble"),
        ])
        .answered(401),
    for_nobody("a form that is too old", "/sign-in")
        .then(&[
            Fill("#email", "ana@acme.example"),
            Fill("#pw", "wrong"),
            Forget,
            Press("form.fields .btn-primary"),
            See(".reqid"),
        ])
        .answered(403),
    // the frame
    scene("in no organization", "eve", "/"),
    scene("a root organization", "eve", "/organizations/new"),
    scene("the way in", "ana", "/"),
    scene("the switch", "ana", MOBILE).then(&[Press(".switch"), See("#tree")]),
    scene("the account", "ana", SECURITY).then(&[Press(".userbtn"), See("#me")]),
    // security
    scene("no token", "ana", SECURITY),
    scene("options", "ana", SECURITY).then(&[
        UNFOLD,
        Press("input[name=limit][value=some]"),
        Press("input[name=reach][value=some]"),
        See("#c-build"),
    ]),
    scene("options, refused", "ana", SECURITY)
        .then(&[
            UNFOLD,
            Press("input[name=limit][value=some]"),
            Fill("#t-net", "10.20.0.0/33"),
            GENERATE,
            See("#t-net-e"),
        ])
        .answered(422),
    scene("tokens", "bo", MOBILE).then(&[Press(".ended summary"), See(".ended li")]),
    scene(
        "the form of tokens, asked for",
        "bo",
        "/orgs/{organization:Mobile}/security/tokens",
    ),
    scene("a new token", "gil", WEB).then(&[GENERATE, See("#secret")]),
    scene("a successor", "gil", WEB).then(&[
        Press(".token a[href$='/rotate']"),
        Press("dialog .btn-primary"),
        See("#secret"),
    ]),
    scene("is it you", "gil", WEB).then(&[Pause(16), GENERATE, See("#pw")]),
    scene("is it you, refused", "gil", WEB)
        .then(&[
            Pause(16),
            GENERATE,
            Fill("#pw", "wrong"),
            Press("form.fields .btn-primary"),
            See("#trouble"),
        ])
        .answered(403),
    scene("at the limit", "cem", SECURITY),
    scene("inherited", "ana", MOBILE),
    scene("suspended", "fay", WEB),
    scene("revoking", "bo", REVOKE),
    scene("revoking, in a dialog", "bo", MOBILE)
        .then(&[Press(".token .btn-revoke"), See("dialog .btn-danger")]),
    scene("rotating", "bo", ROTATE),
    scene("rotating, in a dialog", "bo", MOBILE)
        .then(&[Press(".token a[href$='/rotate']"), See("dialog #overlap")]),
    scene("trying", "bo", TRY_IT),
    scene("tried", "bo", TRY_IT).then(&[
        Fill("form.fields [name=pat]", "{secret}"),
        Press("form.fields .btn"),
        See(".result"),
    ]),
    scene("tried, refused", "bo", TRY_IT).then(&[
        Fill("form.fields [name=pat]", "kfpat_nonsense"),
        Press("form.fields .btn"),
        See(".result"),
    ]),
    // the organization
    scene("the team", "ana", "/orgs/{organization}/team"),
    scene(
        "the team, to a member",
        "bo",
        "/orgs/{organization:Mobile}/team",
    ),
    scene("a member", "ana", MEMBER),
    scene("a member, to a manager", "cem", MEMBER),
    scene("a member, refused", "ana", "/orgs/{organization}/team")
        .then(&[
            Press("tr:has(.muted) a[href*='/team/']"),
            Press("input[value=owner]"),
            Press("form .btn-primary"),
            See("#trouble"),
        ])
        .answered(409),
    scene(
        "removing a member",
        "ana",
        "/orgs/{organization:Mobile}/team/{user}/remove",
    ),
    scene("removing a member, in a dialog", "ana", MEMBER)
        .then(&[Press("a[href$='/remove']"), See("dialog .btn-danger")]),
    scene("inviting", "ana", "/orgs/{organization:Mobile}/invite"),
    scene(
        "inviting to two",
        "ana",
        "/orgs/{organization:Mobile}/invite",
    )
    .then(&[
        Press("[name=add]"),
        See("[name=leaveOut]"),
        Press("fieldset:nth-of-type(2) [value=some]"),
        See("fieldset:nth-of-type(2) .levels select"),
    ]),
    scene(
        "inviting, refused",
        "ana",
        "/orgs/{organization:Mobile}/invite",
    )
    .then(&[
        Fill("#mails", "nobody"),
        Press(".actions .btn-primary"),
        See("#mails-e"),
    ])
    .answered(422),
    scene("invited", "ana", "/orgs/{organization:Mobile}/invite").then(&[
        Fill("#mails", "new@acme.example bo@acme.example"),
        Press(".actions .btn-primary"),
        See("#link-1"),
    ]),
    scene(
        "is it you, before a link",
        "ana",
        "/orgs/{organization:Mobile}/invite",
    )
    .then(&[
        Fill("#mails", "new@acme.example"),
        Pause(16),
        Press(".actions .btn-primary"),
        See("#pw"),
    ]),
    scene(
        "invitations",
        "ana",
        "/orgs/{organization:Mobile}/invitations",
    ),
    scene(
        "no invitation",
        "ana",
        "/orgs/{organization:Web}/invitations",
    ),
    scene("an invitation to whoever has it", "cem", "{invitation}"),
    for_nobody("an invitation", "{invitation}"),
    for_nobody("an invitation, refused", "{invitation}")
        .then(&[
            Fill("#fn", " "),
            Fill("#pw", "aaaaaaaaaaaa"),
            Press("form.fields .btn-primary"),
            See(".error"),
        ])
        .answered(422),
    for_nobody("an invitation of who has an account", "{invitation:eve}"),
    scene("an invitation, signed in", "eve", "{invitation:eve}"),
    scene("a new organization", "ana", "/orgs/{organization:Web}/new"),
    scene(
        "a new organization, refused",
        "ana",
        "/orgs/{organization:Web}/new",
    )
    .then(&[
        Fill("#nn", "mobile"),
        Press("form.fields .btn-primary"),
        See("#nn-e"),
    ])
    .answered(422),
    scene("another name", "ana", "/orgs/{organization:Web}/rename"),
    scene(
        "deleting an organization",
        "ana",
        "/orgs/{organization:Mobile}/delete",
    ),
    scene(
        "deleting an organization, in a dialog",
        "ana",
        "/orgs/{organization:Mobile}/team",
    )
    .then(&[Press(".btn-revoke"), See("dialog #typed")]),
    scene(
        "deleting an organization, refused",
        "ana",
        "/orgs/{organization:Mobile}/delete",
    )
    .then(&[
        Fill("#typed", "Web"),
        Press("form .btn-danger"),
        See("#typed-e"),
    ])
    .answered(422),
    scene("no right", "bo", "/orgs/{organization:Mobile}/new").answered(403),
    scene("moving", "ana", "/orgs/{organization:Mobile}/move"),
    scene("why", "ana", "/orgs/{organization:Mobile}/explain"),
    scene("why, told", "ana", "/orgs/{organization:Mobile}/explain").then(&[
        Press("#x-who option:last-child"),
        Press("form .btn-primary"),
        See("[role=status]"),
    ]),
    scene("all tokens", "ana", "/orgs/{organization}/tokens"),
    scene("all tokens, chosen", "ana", "/orgs/{organization}/tokens").then(&[
        Press("tbody tr:first-child [name=id]"),
        Press(".bulk .btn"),
        See("#nt"),
    ]),
    scene(
        "all tokens, not confirmed",
        "ana",
        "/orgs/{organization}/tokens",
    )
    .then(&[
        Press("tbody tr:first-child [name=id]"),
        Press(".bulk .btn"),
        Fill("#nt", "7"),
        Press("form .btn-danger"),
        See("#nt-e"),
    ])
    .answered(422),
    scene(
        "all tokens, ended too",
        "ana",
        "/orgs/{organization}/tokens?state=all",
    ),
    scene("no token fits", "ana", "/orgs/{organization}/tokens?q=none"),
    scene(
        "revoking tokens of others",
        "ana",
        "/orgs/{organization}/tokens/revoke?id={managed}",
    ),
    scene("what happened", "ana", "/orgs/{organization}/activity"),
    scene("the tree", "ana", "/organizations"),
    // one's account
    scene("no token anywhere", "ana", "/tokens"),
    scene("tokens everywhere", "bo", "/tokens"),
    scene("revoking all", "bo", "/tokens/revoke"),
    scene("ending other sessions", "bo", "/sessions/others"),
    scene("changing the password", "bo", "/password"),
    scene("changing the password, refused", "bo", "/password")
        .then(&[
            Fill("#present", "wrong"),
            Fill("#new", "four words and a half"),
            Fill("#again", "four words and a half"),
            Press("form.fields .btn-primary"),
            See("#trouble"),
        ])
        .answered(403),
    scene("the password was changed", "bo", "/password/changed"),
    // what goes wrong
    for_nobody("nothing to set up", "/setup").answered(410),
    for_nobody("no demo", "/demo").answered(404),
    for_nobody("an invitation that ended", "/invitation").answered(410),
    for_nobody("a link that ended", "/reset").answered(410),
    for_nobody("no mail", "/forgotten").answered(404),
    scene(
        "nothing there",
        "ana",
        "/orgs/{organization:Globex}/security",
    )
    .answered(404),
    for_nobody("errors", "/errors"),
    for_nobody("the API", "/docs/api"),
];

/// The route of a scene's page.
pub(crate) fn route_of(page: &str) -> String {
    let (page, _query) = page.split_once('?').unwrap_or((page, ""));
    let mut parts = page.split('/').map(|part| match part.split_once(':') {
        Some((name, _which)) if part.starts_with('{') => format!("{name}}}"),
        _plain => part.to_owned(),
    });
    let first = parts.next().unwrap_or_default();
    parts.fold(first, |path, part| path + "/" + part.as_str())
}
