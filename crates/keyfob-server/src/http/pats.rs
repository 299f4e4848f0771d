//! Personal API tokens over JSON (contract 5).

pub(super) mod rotate;
pub(super) mod written;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use keyfob_core::id::{OrgId, PatId};
use keyfob_core::name::Name;
use keyfob_core::network::Networks;
use keyfob_core::pat::{CEILING_MAX, Refusal, WantedExpiry};
use keyfob_core::reach::Reach;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::written::{ReachForm, Suspension, Written};
use super::authenticate::Authenticated;
use super::json::Json;
use super::openapi::shapes::VisibleName;
use super::problem::{Code, Problem};
use super::refusals;
use crate::app::access::{Caller, is_covered};
use crate::app::generate::{Choices, GenerateError, Generated, generate as generate_pat};
use crate::app::revoke::{self, RevokeError};
use crate::app::sign_in::SignedIn;
use crate::context::Ctx;
use crate::date::{parse_rfc3339, rfc3339};
use crate::state::App;

#[derive(Serialize, ToSchema)]
#[schema(as = PersonalApiTokens)]
struct List {
    data: Vec<Written>,
}

/// Answers `GET …/personal-api-tokens`: mine there, the newest first, ended ones included.
#[utoipa::path(
    get,
    path = "/identity/v1/organizations/{organization}/personal-api-tokens",
    operation_id = "listPersonalApiTokens",
    tag = "Personal API tokens",
    summary = "One's own tokens at an organization",
    description = "The newest first, ended ones included.",
    responses((status = 200, description = "The tokens", body = List)),
    extensions(("x-errors" = json!(["session_required", "not_found"]))),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
) -> Result<Response, Problem> {
    let organization = id(&organization)?;
    let who = person(&app, caller, organization).await?;
    let mut listed = revoke::list(&app, &who, organization).await?;
    listed
        .refusals
        .sort_by_key(|refused| Reverse(refused.refusal.request));
    let active = listed
        .here
        .memberships
        .iter()
        .any(|held| held.organization == organization && held.is_active());
    let suspension = if active {
        Suspension::Active
    } else {
        Suspension::Suspended
    };
    let data = listed.pats.iter().map(|pat| {
        let refusals = listed.refusals.iter();
        let of_this = refusals.filter(|refused| refused.pat == pat.id);
        let mut written = Written::of(pat, suspension, ctx.now);
        written.refusals = of_this.map(refusals::Counted::of).collect();
        written
    });
    let data = data.collect();
    Ok(Json(List { data }).into_response())
}

/// What can be chosen; `{}` is one click.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = NewPersonalApiToken, example = json!({"name": "Nightly build", "expiresInDays": 90, "ceiling": ["build:view"]}))]
pub(super) struct Chosen {
    /// What it is for; without it, the day.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = VisibleName)]
    name: Option<String>,
    /// When it ends; or, instead, `expiresInDays`.
    #[serde(default, deserialize_with = "given")]
    #[schema(format = DateTime)]
    expires_date: Option<String>,
    /// After how many days it ends.
    #[serde(default, deserialize_with = "given")]
    #[schema(minimum = 1, maximum = 4_294_967_295_u32)]
    expires_in_days: Option<u32>,
    /// Permissions of the role catalogue that it has at most; without it, all that its holder has.
    #[serde(default, deserialize_with = "given")]
    #[schema(min_items = 1, max_items = 200)]
    ceiling: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given")]
    reach: Option<ReachForm>,
    /// From where it can be exchanged, as addresses or in CIDR notation; without it, from anywhere.
    #[serde(default, deserialize_with = "given")]
    #[schema(min_items = 1, max_items = 50)]
    networks: Option<Vec<String>>,
}

/// A member that is there has a value: `null` is refused, so that no client that lost an expiry on the
/// way makes a token without one.
fn given<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl Chosen {
    pub(super) fn read(self) -> Result<Choices, Problem> {
        let name = self.name.map(|text| Name::parse(&text)).transpose();
        let networks = self
            .networks
            .map(|texts| Networks::parse(texts.iter().map(String::as_str)))
            .transpose();
        let expiry = match (self.expires_date, self.expires_in_days) {
            (None, None) => WantedExpiry::Default,
            (None, Some(days)) => WantedExpiry::InDays(days),
            (Some(date), None) => {
                let date = parse_rfc3339(&date)
                    .ok_or_else(|| bad("expiresDate is not a date of RFC 3339."))?;
                WantedExpiry::At(date)
            }
            (Some(_date), Some(_days)) => {
                return Err(bad("Send expiresDate or expiresInDays, not both."));
            }
        };
        Ok(Choices {
            number: None,
            name: name.map_err(|cause| bad(format!("name: {cause}.")))?,
            expiry,
            ceiling: self.ceiling,
            reach: self.reach.map(read_reach).transpose()?.unwrap_or_default(),
            networks: networks.map_err(|cause| bad(format!("networks: {cause}.")))?,
        })
    }
}

fn read_reach(form: ReachForm) -> Result<Reach, Problem> {
    match form {
        ReachForm::Word(word) if word == "subtree" => Ok(Reach::Subtree),
        ReachForm::Word(word) if word == "organization" => Ok(Reach::Organization),
        ReachForm::Word(_other) => Err(bad(
            "reach is \"subtree\", \"organization\" or a list of organization ids.",
        )),
        ReachForm::Named(ids) => {
            let ids: Result<BTreeSet<OrgId>, _> = ids.iter().map(|id| id.parse()).collect();
            ids.map(Reach::Named)
                .map_err(|_no_id| bad("reach names what is no organization id."))
        }
    }
}

/// Answers `POST …/personal-api-tokens`: the only answer there ever is with the secret (P2).
#[utoipa::path(
    post,
    path = "/identity/v1/organizations/{organization}/personal-api-tokens",
    operation_id = "generatePersonalApiToken",
    tag = "Personal API tokens",
    summary = "Generate a token",
    description = "`{}` is enough. The secret is in this answer and in none after it. Needs a direct membership and a recent sign-in.",
    request_body(content = Chosen),
    responses((status = 201, description = "The token, with its secret", body = Written, links(("revokePersonalApiToken" = (operation_id = "revokePersonalApiToken", parameters(("organization" = "$response.body#/organizationId"), ("token" = "$response.body#/id")), description = "Revokes it")),
        ("rotatePersonalApiToken" = (operation_id = "rotatePersonalApiToken", parameters(("organization" = "$response.body#/organizationId"), ("token" = "$response.body#/id")), description = "Puts a successor in its place")),
        ("exchange" = (operation_id = "exchangeV2", request_body = json!({"pat": "$response.body#/token"}), description = "Exchanges it for an access token"))))),
    extensions(("x-errors" = json!(["session_required", "not_a_direct_member", "reauthentication_required", "not_found", "token_limit_reached", "conflict", "unprocessable"]))),
)]
pub(super) async fn generate(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Authenticated(caller): Authenticated,
    Path(organization): Path<String>,
    Json(chosen): Json<Chosen>,
) -> Result<Response, Problem> {
    let organization = id(&organization)?;
    let who = person(&app, caller, organization).await?;
    let choices = chosen.read()?;
    let generated = generate_pat(&app, &ctx, &who, organization, &choices).await?;
    Ok(shown_once(&generated, &ctx))
}

/// The answer with a new secret, of a generated token or of a successor.
fn shown_once(generated: &Generated, ctx: &Ctx) -> Response {
    let mut written = Written::of(&generated.pat, Suspension::Active, ctx.now);
    written.token = Some(generated.secret.expose().to_owned());
    let no_store = HeaderValue::from_static("no-store");
    (
        StatusCode::CREATED,
        [(header::CACHE_CONTROL, no_store)],
        Json(written),
    )
        .into_response()
}

/// Answers `DELETE …/personal-api-tokens/{token}`: 204, also when it was revoked already.
#[utoipa::path(
    delete,
    path = "/identity/v1/organizations/{organization}/personal-api-tokens/{token}",
    operation_id = "revokePersonalApiToken",
    tag = "Personal API tokens",
    summary = "Revoke a token",
    description = "One's own; or that of somebody whose organization one manages; or, with an access token, the token it was given for.",
    responses((status = 204, description = "It is revoked, now or before")),
    extensions(("x-errors" = json!(["forbidden", "not_found"]))),
)]
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Authenticated(caller): Authenticated,
    Path((organization, pat)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let organization = id(&organization)?;
    let pat = pat_id(&pat)?;
    revoke::revoke(&app, &ctx, &caller, organization, pat).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tokens are a person's to see and to make, with a session. An access token learns that only where it
/// may know of the organization at all.
pub(super) async fn person(
    app: &App,
    caller: Caller,
    organization: OrgId,
) -> Result<SignedIn, Problem> {
    match caller {
        Caller::Session(who) => Ok(*who),
        Caller::Token(token) => match is_covered(app, &token, organization).await {
            Ok(true) => Err(Code::SessionRequired.into()),
            Ok(false) => Err(Code::NotFound.into()),
            Err(outage) => Err(outage.into()),
        },
    }
}

/// What is no id names nothing.
pub(super) fn id(text: &str) -> Result<OrgId, Problem> {
    text.parse().map_err(|_no_id| Problem::from(Code::NotFound))
}

fn pat_id(text: &str) -> Result<PatId, Problem> {
    text.parse().map_err(|_no_id| Problem::from(Code::NotFound))
}

fn bad(detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new(Code::InvalidRequest, detail)
}

impl From<RevokeError> for Problem {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::NotForThem(_) => Code::NotFound.into(),
            RevokeError::Refused(refused) => Self::new(
                Code::Forbidden,
                format!(
                    "This is somebody else's token: {refused} (permission organization:manage)."
                ),
            ),
            RevokeError::Outage(outage) => outage.into(),
        }
    }
}

impl From<GenerateError> for Problem {
    fn from(error: GenerateError) -> Self {
        match error {
            GenerateError::NotForThem(_) => Code::NotFound.into(),
            GenerateError::Refused(refusal) => refusal.into(),
            // Only pages draw the id themselves.
            GenerateError::FormUsed(_kept) => Code::Conflict.into(),
            GenerateError::Outage(outage) => outage.into(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Stranger => {
                Self::new(Code::NotADirectMember, "The membership here is suspended.")
            }
            Refusal::Inherited { .. } => Code::NotADirectMember.into(),
            Refusal::Reauthenticate => Code::ReauthenticationRequired.into(),
            Refusal::LimitReached { limit } => Self::new(
                Code::TokenLimitReached,
                format!(
                    "There are {limit} of {limit} tokens here. Revoke one that is no longer needed."
                ),
            ),
            Refusal::ExpiryPast => bad("The expiry is not in the future."),
            Refusal::ExpiryTooLate { latest } => bad(format!(
                "By policy the expiry is at the latest {}.",
                rfc3339(latest)
            )),
            Refusal::Ceiling => bad(format!(
                "ceiling is 1 to {CEILING_MAX} permissions of the role catalogue, such as build:view."
            )),
            Refusal::Reach => bad("reach names 1 to 50 organizations below this one."),
        }
    }
}
