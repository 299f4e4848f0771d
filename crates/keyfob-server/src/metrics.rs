//! What is counted, for Prometheus. Methods are named after what happened.
//!
//! No label holds text that a client chose: routes are those of our own table, everything else is from
//! a closed list. So the number of series is bounded whatever is sent.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use keyfob_core::exchange::Denial;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// The media type of [`Metrics::encode`] (`OpenMetrics` 1.0).
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds in seconds: an exchange takes about a millisecond, a sign-in some tens.
const LATENCY_BOUNDS: [f64; 12] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

/// How an exchange ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExchangeOutcome {
    /// With an access token.
    Granted,
    /// The PAT or the target was refused.
    Denied(Denial),
    /// No PAT has that text.
    Unknown,
    /// The request itself was wrong.
    Malformed,
    /// Too many wrong secrets came from that address.
    Limited,
    /// It could not be decided.
    Failed,
}

impl ExchangeOutcome {
    const fn word(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Denied(denial) => denial.word(),
            Self::Unknown => "unknown",
            Self::Malformed => "malformed",
            Self::Limited => "limited",
            Self::Failed => "failed",
        }
    }
}

/// How a sign-in ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInOutcome {
    /// With a session.
    SignedIn,
    /// Address or password was wrong, or the account is suspended.
    Refused,
    /// Too many attempts.
    Limited,
    /// It could not be decided.
    Failed,
}

impl SignInOutcome {
    const fn word(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::Refused => "refused",
            Self::Limited => "limited",
            Self::Failed => "failed",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: Arc<str>,
    method: &'static str,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabel {
    route: Arc<str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

/// Every metric of the server.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    latency: Family<RouteLabel, Histogram>,
    in_flight: Gauge,
    exchanges: Family<OutcomeLabel, Counter>,
    sign_ins: Family<OutcomeLabel, Counter>,
    pats_generated: Counter,
    pats_rotated: Counter,
    pats_revoked: Counter,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("keyfob"),
            requests: Family::default(),
            latency: Family::new_with_constructor(|| Histogram::new(LATENCY_BOUNDS)),
            in_flight: Gauge::default(),
            exchanges: Family::default(),
            sign_ins: Family::default(),
            pats_generated: Counter::default(),
            pats_rotated: Counter::default(),
            pats_revoked: Counter::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    /// Registers each metric under its name; counters get `_total` by themselves.
    fn register(&mut self) {
        let Self {
            registry,
            requests,
            latency,
            in_flight,
            exchanges,
            ..
        } = self;
        registry.register(
            "http_requests",
            "Requests answered, by route, method and class of status",
            requests.clone(),
        );
        registry.register(
            "http_request_duration_seconds",
            "Time from the head of a request to the head of its answer",
            latency.clone(),
        );
        registry.register(
            "http_requests_in_flight",
            "Requests being answered",
            in_flight.clone(),
        );
        registry.register(
            "exchanges",
            "Exchanges of a PAT, by outcome",
            exchanges.clone(),
        );
        registry.register(
            "sign_ins",
            "Sign-ins by password, by outcome",
            self.sign_ins.clone(),
        );
        registry.register(
            "pats_generated",
            "PATs generated",
            self.pats_generated.clone(),
        );
        registry.register("pats_rotated", "PATs rotated", self.pats_rotated.clone());
        registry.register("pats_revoked", "PATs revoked", self.pats_revoked.clone());
    }

    /// A request began; it is in flight until the guard goes, also when the client hangs up.
    pub fn request_began(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// A request was answered. `route` is an entry of the route table, or `none`.
    pub fn request_answered(
        &self,
        route: &Arc<str>,
        method: &Method,
        status: StatusCode,
        took: Duration,
    ) {
        let labels = RequestLabels {
            route: Arc::clone(route),
            method: method_word(method),
            status: class(status),
        };
        self.requests.get_or_create(&labels).inc();
        let label = RouteLabel {
            route: Arc::clone(route),
        };
        self.latency
            .get_or_create(&label)
            .observe(took.as_secs_f64());
    }

    /// An exchange ended.
    pub fn exchanged(&self, outcome: ExchangeOutcome) {
        let label = OutcomeLabel {
            outcome: outcome.word(),
        };
        self.exchanges.get_or_create(&label).inc();
    }

    /// A sign-in ended.
    pub fn signed_in(&self, outcome: SignInOutcome) {
        let label = OutcomeLabel {
            outcome: outcome.word(),
        };
        self.sign_ins.get_or_create(&label).inc();
    }

    /// A PAT was generated.
    pub fn pat_generated(&self) {
        self.pats_generated.inc();
    }

    /// A PAT was replaced by a successor.
    pub fn pat_rotated(&self) {
        self.pats_rotated.inc();
    }

    /// So many PATs were revoked.
    pub fn pats_revoked(&self, count: u64) {
        self.pats_revoked.inc_by(count);
    }

    /// Everything counted so far, as [`MEDIA_TYPE`].
    pub fn encode(&self) -> String {
        let mut encoded = String::new();
        // Writing into a `String` does not fail.
        text::encode(&mut encoded, &self.registry).unwrap_or_default();
        encoded
    }
}

/// One request in flight.
#[derive(Debug)]
#[must_use = "the request counts as over when this goes"]
pub struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The method if it is one that is known, else `other`: a client can invent methods without end.
pub(crate) fn method_word(method: &Method) -> &'static str {
    const KNOWN: [Method; 7] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    const WORDS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let mut known = KNOWN.iter().zip(WORDS);
    known
        .find(|(known, _word)| *known == method)
        .map_or("other", |(_known, word)| word)
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use keyfob_core::pat::RevokedBecause;

    use super::*;

    fn value(metrics: &Metrics, series: &str) -> Option<String> {
        let encoded = metrics.encode();
        let mut lines = encoded.lines();
        lines
            .find_map(|line| line.strip_prefix(series))
            .map(|rest| rest.trim().to_owned())
    }

    #[test]
    fn a_request_is_counted_by_route_method_and_class() {
        let metrics = Metrics::default();
        let route: Arc<str> = Arc::from("/auth/v2/token");
        let odd = Method::from_bytes(b"INVENTED").expect("a method");
        let took = Duration::from_millis(2);
        metrics.request_answered(&route, &Method::POST, StatusCode::UNAUTHORIZED, took);
        metrics.request_answered(&route, &odd, StatusCode::METHOD_NOT_ALLOWED, took);
        let series = |method: &str| {
            format!(
                "keyfob_http_requests_total{{route=\"/auth/v2/token\",method=\"{method}\",status=\"4xx\"}}"
            )
        };
        assert_eq!(value(&metrics, &series("POST")).as_deref(), Some("1"));
        assert_eq!(value(&metrics, &series("other")).as_deref(), Some("1"));
        let bucket =
            "keyfob_http_request_duration_seconds_bucket{le=\"0.0025\",route=\"/auth/v2/token\"}";
        assert_eq!(value(&metrics, bucket).as_deref(), Some("2"));
        assert!(!metrics.encode().contains("INVENTED"));
    }

    #[test]
    fn a_request_is_in_flight_until_its_guard_goes() {
        let metrics = Metrics::default();
        let guard = metrics.request_began();
        assert_eq!(
            value(&metrics, "keyfob_http_requests_in_flight").as_deref(),
            Some("1")
        );
        drop(guard);
        assert_eq!(
            value(&metrics, "keyfob_http_requests_in_flight").as_deref(),
            Some("0")
        );
    }

    #[test]
    fn what_happened_is_counted_by_outcome() {
        let metrics = Metrics::default();
        metrics.exchanged(ExchangeOutcome::Granted);
        let revoked = Denial::Revoked(RevokedBecause::User);
        metrics.exchanged(ExchangeOutcome::Denied(revoked));
        metrics.signed_in(SignInOutcome::Refused);
        metrics.pat_generated();
        metrics.pat_rotated();
        metrics.pats_revoked(3);
        for (series, count) in [
            ("keyfob_exchanges_total{outcome=\"granted\"}", "1"),
            ("keyfob_exchanges_total{outcome=\"revoked\"}", "1"),
            ("keyfob_sign_ins_total{outcome=\"refused\"}", "1"),
            ("keyfob_pats_generated_total", "1"),
            ("keyfob_pats_rotated_total", "1"),
            ("keyfob_pats_revoked_total", "3"),
        ] {
            assert_eq!(value(&metrics, series).as_deref(), Some(count), "{series}");
        }
    }
}
