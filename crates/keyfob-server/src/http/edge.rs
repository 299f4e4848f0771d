//! The edge: what happens to every request before and after its handler, in one place.
//!
//! It makes the request's [`Ctx`], settles the path, keeps a panic inside its request, sets the headers
//! that every answer has, counts, and writes one log event. The event holds the route that matched,
//! never the path, the query or the body: a secret may stand in any of them.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use keyfob_core::time::{Clock, Entropy};
use tower::layer::layer_fn;
use tower::{Service, ServiceExt};

use super::oauth_error::OAuthError;
use super::path::{self, Dialect};
use super::problem::{self, Accepts, Cause, Code, Problem};
use crate::app::act_as::Demo;
use crate::brand::Brand;
use crate::config::PublicUrl;
use crate::context::Ctx;
use crate::metrics::{Metrics, method_word};
use crate::proxies::TrustedProxies;
use crate::web::{Look, Setting};

mod unacceptable;

use self::unacceptable::Unacceptable;

/// The id of a request, on every answer.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A browser that was here once comes back by TLS only, for a year (RFC 6797 §6.1).
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// What an answer has unless its handler says otherwise.
const DEFAULT_HEADERS: [(HeaderName, HeaderValue); 6] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// The router, wrapped. Cheap to clone: there is one for each connection.
#[derive(Debug, Clone)]
pub struct Edge {
    router: Router,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    metrics: Arc<Metrics>,
    proxies: TrustedProxies,
    hsts: Option<HeaderValue>,
    is_demo: bool,
    brand: Arc<Brand>,
}

/// Which entry of the route table answered; set where the router knows it, read at the edge.
#[derive(Debug, Clone)]
struct Route(Arc<str>);

/// What the log event and the metrics need to know of a request.
struct Seen {
    method: Method,
    dialect: Dialect,
    /// How an error looks, when it is to be a page.
    page: Option<Setting>,
    began: Instant,
}

impl Edge {
    /// Wraps a router whose state is already given.
    pub fn new(
        router: Router,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            router: router.layer(layer_fn(NoteRoute)),
            clock,
            entropy,
            metrics,
            proxies: TrustedProxies::default(),
            hsts: None,
            is_demo: false,
            brand: Arc::default(),
        }
    }

    /// Says under which address the server is known. With https elsewhere than on this machine, browsers
    /// are told to stay with it; on a loopback name they would do so for every other program there.
    #[must_use]
    pub fn known_as(mut self, issuer: &str) -> Self {
        let url = PublicUrl::parse(issuer).ok();
        let is_public = url.is_some_and(|url| url.is_https() && !url.is_loopback());
        self.hsts = is_public.then_some(HSTS);
        self
    }

    /// Says which proxies are in front.
    #[must_use]
    pub fn behind(mut self, proxies: TrustedProxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// Says how pages look, and whether this is the demo.
    #[must_use]
    pub fn showing(mut self, brand: &Arc<Brand>, demo: Option<&Demo>) -> Self {
        self.brand = Arc::clone(brand);
        self.is_demo = demo.is_some();
        self
    }

    async fn answer(self, request: Request) -> Response {
        let _in_flight = self.metrics.request_began();
        let began = Instant::now();
        let (mut parts, body) = request.into_parts();
        let (clock, entropy) = (self.clock.as_ref(), self.entropy.as_ref());
        let ctx = Ctx::of(&parts, &self.proxies, clock, entropy);
        let mut seen = Seen {
            method: parts.method.clone(),
            dialect: Dialect::Problem,
            page: wants_page(&parts).then(|| Setting {
                look: Look::of(&parts.headers),
                is_demo: self.is_demo,
                brand: Arc::clone(&self.brand),
            }),
            began,
        };
        let mut response = match path::meant(&parts.uri) {
            Some(uri) => {
                seen.dialect = Dialect::of(uri.path());
                if let Some(unacceptable) = Unacceptable::of(&parts) {
                    unacceptable.answer(seen.dialect)
                } else {
                    parts.uri = uri;
                    parts.extensions.insert(ctx.clone());
                    let request = Request::from_parts(parts, body);
                    self.route(request, seen.dialect).await
                }
            }
            None => Problem::from(Code::NotFound).into_response(),
        };
        problem::complete(&mut response, ctx.request_id, seen.page.take());
        self.finish_headers(response.headers_mut(), &ctx, seen.dialect);
        self.note(&mut response, &ctx, &seen);
        response
    }

    async fn route(&self, request: Request, dialect: Dialect) -> Response {
        // Clients on the connection are served by clones, so a panic leaves nothing half changed here.
        let called = AssertUnwindSafe(self.router.clone().oneshot(request)).catch_unwind();
        let response = match called.await {
            Ok(Ok(response)) => response,
            Ok(Err(impossible)) => match impossible {},
            Err(_payload) => panicked(dialect),
        };
        if response.headers().contains_key(header::CONTENT_TYPE) {
            return response;
        }
        // What the router answers by itself has no body.
        match response.status() {
            StatusCode::NOT_FOUND => with_our_body(response, Code::NotFound, dialect),
            StatusCode::METHOD_NOT_ALLOWED => {
                with_our_body(response, Code::MethodNotAllowed, dialect)
            }
            _ => response,
        }
    }

    fn finish_headers(&self, headers: &mut HeaderMap, ctx: &Ctx, dialect: Dialect) {
        for (name, value) in DEFAULT_HEADERS {
            headers.entry(name).or_insert(value);
        }
        if let Some(hsts) = &self.hsts {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, hsts.clone());
        }
        if dialect == Dialect::OAuth {
            // X5: on every answer of these doors.
            headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        }
        // The letters of a UUID are always a header's.
        if let Ok(id) = HeaderValue::try_from(ctx.request_id.to_string()) {
            headers.insert(X_REQUEST_ID, id);
        }
    }

    fn note(&self, response: &mut Response, ctx: &Ctx, seen: &Seen) {
        let route = response.extensions_mut().remove::<Route>();
        let route = route.map_or_else(|| Arc::from("none"), |Route(route)| route);
        let (status, took) = (response.status(), seen.began.elapsed());
        if let Some(cause) = response.extensions_mut().remove::<Cause>() {
            tracing::error!(
                request.id = %ctx.request_id,
                http.route = %route,
                error = cause.chain(),
                "a request failed"
            );
        }
        tracing::info!(
            request.id = %ctx.request_id,
            http.method = method_word(&seen.method),
            http.route = %route,
            http.status = status.as_u16(),
            duration_us = micros(took),
            "request answered"
        );
        self.metrics
            .request_answered(&route, &seen.method, status, took);
    }
}

impl Service<Request> for Edge {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let edge = self.clone();
        Box::pin(async move { Ok(edge.answer(request).await) })
    }
}

/// Errors of pages are pages, where somebody looks at them.
fn wants_page(parts: &Parts) -> bool {
    !path::is_for_programs(parts.uri.path()) && Accepts::of(&parts.headers) == Accepts::Page
}

/// Runs inside the router, behind the match: carries the route out to the edge, past a panic too. A service
/// of our own, because one made of a function costs every request three boxes.
#[derive(Debug, Clone)]
struct NoteRoute<S>(S);

impl<S> Service<Request> for NoteRoute<S>
where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send + 'static>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let dialect = Dialect::of(request.uri().path());
        let matched = request.extensions().get::<MatchedPath>().cloned();
        let called = AssertUnwindSafe(self.0.call(request)).catch_unwind();
        Box::pin(async move {
            let mut response = match called.await {
                Ok(Ok(response)) => response,
                Ok(Err(impossible)) => match impossible {},
                Err(_payload) => panicked(dialect),
            };
            if let Some(matched) = matched {
                let route = Route(Arc::from(matched.as_str()));
                response.extensions_mut().insert(route);
            }
            Ok(response)
        })
    }
}

/// A handler panicked. The hook in [`crate::telemetry`] has logged where; the payload may hold anything
/// and goes nowhere.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the handler panicked")]
struct Panicked;

fn panicked(dialect: Dialect) -> Response {
    match dialect {
        Dialect::OAuth => OAuthError::server_error(Panicked).into_response(),
        Dialect::Problem => Problem::internal(Panicked).into_response(),
    }
}

/// Puts the body of an error into the router's own answer, which keeps its headers (`Allow`).
fn with_our_body(bare: Response, code: Code, dialect: Dialect) -> Response {
    let mut response = match dialect {
        Dialect::Problem => Problem::from(code).into_response(),
        Dialect::OAuth if code == Code::MethodNotAllowed => {
            OAuthError::method_not_allowed().into_response()
        }
        Dialect::OAuth => OAuthError::not_found().into_response(),
    };
    let (mut parts, _empty) = bare.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    response.headers_mut().extend(parts.headers);
    response.extensions_mut().extend(parts.extensions);
    response
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}
