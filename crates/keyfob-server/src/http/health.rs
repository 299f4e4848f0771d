//! Is it alive, is it ready, and what has it counted.

use std::fmt::Display;
use std::future::{Future, Ready, ready};
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use tokio::net::TcpListener;

use super::problem::RETRY_AFTER;
use super::server::bind_or_next;
use crate::config::MetricsListen;
use crate::metrics::{MEDIA_TYPE, Metrics};

/// Answers `GET /healthz`: the process runs. It asks nobody, so that a database that is away does not
/// make a supervisor kill the server.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "isAlive",
    tag = "Health",
    summary = "Is it alive",
    description = "It asks nobody, the store neither.",
    responses((status = 200, description = "The process runs", body = String, content_type = "text/plain")),
    security(()),
)]
pub fn healthz() -> Ready<&'static str> {
    ready("ok")
}

/// Answers `GET /readyz`: whether the store answers, which `ping` finds out.
pub async fn readyz<E: Display>(ping: impl Future<Output = Result<(), E>>) -> Response {
    match ping.await {
        Ok(()) => "ok".into_response(),
        Err(error) => {
            tracing::warn!(error = %error, "not ready");
            let retry = [(header::RETRY_AFTER, RETRY_AFTER)];
            (StatusCode::SERVICE_UNAVAILABLE, retry, "not ready").into_response()
        }
    }
}

/// The router of the metrics listener, which has nothing but `GET /metrics`.
pub fn metrics_router(metrics: Arc<Metrics>) -> Router {
    let answer = move || {
        let metrics = Arc::clone(&metrics);
        async move {
            let headers = [
                (header::CONTENT_TYPE, MEDIA_TYPE),
                (header::CACHE_CONTROL, "no-store"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            (headers, metrics.encode())
        }
    };
    Router::new().route("/metrics", get(answer))
}

/// Takes the port for the metrics; none when they are off. The default port gives way to the next free
/// one, because two servers on a developer's machine are no mistake; a port that was asked for does not.
///
/// # Errors
/// What the system says of the port.
pub async fn bind_metrics(listen: MetricsListen) -> io::Result<Option<TcpListener>> {
    let listener = match listen {
        MetricsListen::Off => return Ok(None),
        MetricsListen::Default => bind_or_next(MetricsListen::DEFAULT).await?,
        MetricsListen::At(address) => TcpListener::bind(address).await?,
    };
    let bound = listener.local_addr()?;
    if listen == MetricsListen::Default && bound != MetricsListen::DEFAULT {
        tracing::warn!(metrics.address = %bound, "the default metrics port is taken; using the next");
    } else {
        tracing::info!(metrics.address = %bound, "metrics are served");
    }
    Ok(Some(listener))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Request;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn ready_is_what_the_store_says() {
        let good = readyz(async { Ok::<(), io::Error>(()) }).await;
        assert_eq!(good.status(), StatusCode::OK);
        let away = readyz(async { Err(io::Error::other("away")) }).await;
        assert_eq!(away.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(away.headers()["retry-after"], "5");
        let text = away.into_body().collect().await.expect("a body").to_bytes();
        assert_eq!(&text[..], b"not ready", "the reason is for the log");
    }

    #[tokio::test]
    async fn the_metrics_router_serves_what_was_counted() {
        let metrics = Arc::new(Metrics::default());
        metrics.pat_generated();
        let request = Request::get("/metrics")
            .body(Body::empty())
            .expect("a request");
        let response = metrics_router(metrics)
            .oneshot(request)
            .await
            .expect("an answer");
        assert_eq!(response.headers()["content-type"], MEDIA_TYPE);
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        let text = response
            .into_body()
            .collect()
            .await
            .expect("a body")
            .to_bytes();
        let text = String::from_utf8(text.to_vec()).expect("text");
        assert!(text.contains("keyfob_pats_generated_total 1\n"));
        assert!(text.ends_with("# EOF\n"));
    }

    #[tokio::test]
    async fn an_address_that_was_asked_for_does_not_give_way() {
        assert!(
            bind_metrics(MetricsListen::Off)
                .await
                .expect("off")
                .is_none()
        );
        let any = "127.0.0.1:0".parse().expect("an address");
        let first = bind_metrics(MetricsListen::At(any))
            .await
            .expect("a port")
            .expect("on");
        let taken = first.local_addr().expect("an address");
        let refused = bind_metrics(MetricsListen::At(taken))
            .await
            .expect_err("taken");
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
    }
}
