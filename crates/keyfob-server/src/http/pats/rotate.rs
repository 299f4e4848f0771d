//! `POST …/personal-api-tokens/{token}/rotate` (contract P10): another answer with a secret.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, HeaderName};
use keyfob_core::pat::rotation::{IdempotencyKey, NotRotated, WantedRotation};
use serde::Deserialize;
use utoipa::ToSchema;

use super::written::Written;
use super::{bad, given, id, pat_id, person, shown_once};
use crate::app::rotate_pat::{PatAt, RotatePatError, rotate as rotate_pat};
use crate::context::Ctx;
use crate::http::authenticate::Authenticated;
use crate::http::json::Json;
use crate::http::problem::{Code, Problem};
use crate::state::App;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What can be chosen; `{}` is the policy's overlap.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = Rotation, example = json!({"overlapSeconds": 3600}))]
pub(in crate::http) struct Chosen {
    /// How long the old token lives on; 0: it ends at once.
    #[serde(default, deserialize_with = "given")]
    #[schema(minimum = 0, maximum = 4_294_967_295_u32)]
    overlap_seconds: Option<u32>,
}

/// Answers with the successor, and with its secret, in this answer only (P2).
#[utoipa::path(
    post,
    path = "/identity/v1/organizations/{organization}/personal-api-tokens/{token}/rotate",
    operation_id = "rotatePersonalApiToken",
    tag = "Personal API tokens",
    summary = "Put a successor in a token's place",
    description = "Both can be exchanged for the time of the overlap. Asking again with the same `Idempotency-Key`, before the successor is used, gives a new secret.",
    params(("idempotency-key" = Option<String>, Header, description = "Makes the request repeatable", min_length = 1, max_length = 255, pattern = "^[!-~]+$")),
    request_body(content = Chosen),
    responses((status = 201, description = "The successor, with its secret", body = Written, links(("revokePersonalApiToken" = (operation_id = "revokePersonalApiToken", parameters(("organization" = "$response.body#/organizationId"), ("token" = "$response.body#/id")), description = "Revokes the successor"))))),
    extensions(("x-errors" = json!(["forbidden", "not_found", "session_required", "not_a_direct_member", "reauthentication_required", "token_limit_reached", "already_rotated", "conflict", "unprocessable"]))),
)]
pub(in crate::http) async fn rotate(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    Authenticated(caller): Authenticated,
    Path((organization, pat)): Path<(String, String)>,
    (headers, Json(chosen)): (HeaderMap, Json<Chosen>),
) -> Result<Response, Problem> {
    let organization = id(&organization)?;
    let who = person(&app, caller, organization).await?;
    let pat = pat_id(&pat)?;
    let want = WantedRotation {
        overlap: chosen
            .overlap_seconds
            .map(|seconds| Duration::from_secs(seconds.into())),
        key: key(&headers)?,
    };
    let at = PatAt { organization, pat };
    let successor = rotate_pat(&app, &ctx, &who, at, &want).await?;
    Ok(shown_once(&successor, &ctx))
}

/// The one key, if there is any; of two it cannot be told which is meant.
fn key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(bad("The header Idempotency-Key came twice."));
    }
    let key = IdempotencyKey::parse(value.as_bytes());
    key.map(Some)
        .map_err(|cause| bad(format!("Idempotency-Key: {cause}.")))
}

impl From<RotatePatError> for Problem {
    fn from(error: RotatePatError) -> Self {
        match error {
            RotatePatError::NotForThem(_) => Code::NotFound.into(),
            RotatePatError::Refused(refused) => refused.into(),
            RotatePatError::Outage(outage) => outage.into(),
        }
    }
}

impl From<NotRotated> for Problem {
    fn from(refused: NotRotated) -> Self {
        match refused {
            NotRotated::NotTheHolder => Self::new(
                Code::Forbidden,
                "This is somebody else's token: only its holder can rotate it. Who manages the organization can revoke it.",
            ),
            NotRotated::Person(refusal) => refusal.into(),
            NotRotated::AlreadyRotated => Code::AlreadyRotated.into(),
            NotRotated::Revoked => {
                Self::new(Code::Conflict, "The token is revoked. Generate a new one.")
            }
            NotRotated::Expired => {
                Self::new(Code::Conflict, "The token has expired. Generate a new one.")
            }
            NotRotated::OverlapTooLong { longest } => bad(format!(
                "By policy overlapSeconds is at most {}.",
                longest.as_secs()
            )),
        }
    }
}
