//! Resource servers: the APIs that accept access tokens (contract 1, X10).
//!
//! Each access token is for exactly one of them: its audience, lifetime and algorithm. From the first
//! start there is one, [`DEFAULT`], whose audience is the issuer; our own API accepts its tokens only.

use std::time::Duration;

use keyfob_core::policy::ACCESS_TOKEN_MAX;
use keyfob_verify::Algorithm;
use url::Url;

/// The name of the one that is always there.
pub const DEFAULT: &str = "default";
/// How long an access token lives where the API hears of revocations, as ours does.
pub const LIFETIME_INFORMED: Duration = Duration::from_hours(1);
/// How long where nobody said anything: such an API may check signatures only.
pub const LIFETIME_UNINFORMED: Duration = Duration::from_mins(5);
/// The shortest life of an access token that can be set.
const LIFETIME_MIN: Duration = Duration::from_mins(1);
/// Most characters of a name or an audience.
const TEXT_MAX: usize = 200;

/// An API that accepts access tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceServer {
    /// What the configuration calls it, and a program may in `audience`.
    pub name: String,
    /// The `aud` of its tokens; none for [`DEFAULT`], where it is the issuer.
    pub audience: Option<String>,
    /// How long its tokens live.
    pub lifetime: Duration,
    /// What they are signed with.
    pub algorithm: Algorithm,
}

/// Why a resource server cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadResourceServer {
    /// [`DEFAULT`] has no audience of its own.
    #[error("the audience of \"default\" is always the issuer; name another resource server")]
    AudienceOfDefault,
    /// Another one has none.
    #[error("a resource server other than \"default\" needs an audience")]
    NoAudience,
    /// An audience that is empty, too long, or has white space or control characters.
    #[error(
        "an audience has 1 to 200 visible ASCII characters, such as \"https://api.example.com\""
    )]
    Audience,
    /// An audience that another one has, or is called.
    #[error("the audience \"{0}\" is that of, or the name of, another resource server")]
    Taken(String),
    /// A lifetime outside its bounds.
    #[error("must be 1 minute to 24 hours")]
    Lifetime,
}

/// All resource servers of an installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceServers {
    default: ResourceServer,
    others: Vec<ResourceServer>,
}

impl Default for ResourceServers {
    fn default() -> Self {
        Self {
            default: ResourceServer {
                name: DEFAULT.to_owned(),
                audience: None,
                lifetime: LIFETIME_INFORMED,
                algorithm: Algorithm::Es256,
            },
            others: Vec::new(),
        }
    }
}

impl ResourceServers {
    /// Adds one, or puts another [`DEFAULT`] in the place of the one there is.
    ///
    /// # Errors
    /// [`BadResourceServer`].
    pub fn put(&mut self, server: ResourceServer) -> Result<(), BadResourceServer> {
        if !(LIFETIME_MIN..=ACCESS_TOKEN_MAX).contains(&server.lifetime) {
            return Err(BadResourceServer::Lifetime);
        }
        if server.name == DEFAULT {
            if server.audience.is_some() {
                return Err(BadResourceServer::AudienceOfDefault);
            }
            self.default = server;
            return Ok(());
        }
        let audience = server.audience.as_deref();
        let audience = audience.ok_or(BadResourceServer::NoAudience)?;
        if !is_audience(audience) {
            return Err(BadResourceServer::Audience);
        }
        // An audience that is somebody's name would make a program's `audience` mean two things.
        let means = |other: &ResourceServer| {
            other.name == audience || other.audience.as_deref() == Some(audience)
        };
        let is_named = self
            .all()
            .any(|other| other.audience.as_deref() == Some(&server.name));
        if is_named || self.all().any(means) {
            return Err(BadResourceServer::Taken(audience.to_owned()));
        }
        self.others.push(server);
        Ok(())
    }

    /// The one that is always there.
    pub fn default_one(&self) -> &ResourceServer {
        &self.default
    }

    /// All of them, [`DEFAULT`] first.
    pub fn all(&self) -> impl Iterator<Item = &ResourceServer> {
        std::iter::once(&self.default).chain(&self.others)
    }

    /// The one that a program means by `audience`: by its name, or by the `aud` of its tokens.
    pub fn of_audience(&self, asked: &str, issuer: &str) -> Option<&ResourceServer> {
        self.all()
            .find(|server| server.name == asked || server.audience(issuer) == asked)
    }

    /// The one that a program means by `resource`: an absolute URI without a fragment, just the `aud`
    /// of its tokens (RFC 8707 §2).
    pub fn of_resource(&self, uri: &str, issuer: &str) -> Option<&ResourceServer> {
        let is_resource = !uri.contains('#') && Url::parse(uri).is_ok();
        self.all()
            .find(|server| is_resource && server.audience(issuer) == uri)
    }

    /// The algorithms that their tokens are signed with, each once.
    pub fn algorithms(&self) -> Vec<Algorithm> {
        let mut algorithms = Vec::new();
        for server in self.all() {
            if !algorithms.contains(&server.algorithm) {
                algorithms.push(server.algorithm);
            }
        }
        algorithms
    }

    /// Whether an issuer is nobody else's audience: different kinds of token never share one.
    pub fn may_have_issuer(&self, issuer: &str) -> bool {
        self.others
            .iter()
            .all(|server| server.name != issuer && server.audience.as_deref() != Some(issuer))
    }
}

impl ResourceServer {
    /// The `aud` of its tokens.
    pub fn audience<'a>(&'a self, issuer: &'a str) -> &'a str {
        self.audience.as_deref().unwrap_or(issuer)
    }
}

fn is_audience(text: &str) -> bool {
    (1..=TEXT_MAX).contains(&text.len()) && text.bytes().all(|letter| letter.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://id.example.com";

    fn server(name: &str, audience: Option<&str>) -> ResourceServer {
        ResourceServer {
            name: name.to_owned(),
            audience: audience.map(str::to_owned),
            lifetime: LIFETIME_UNINFORMED,
            algorithm: Algorithm::EdDsa,
        }
    }

    fn two() -> ResourceServers {
        let mut servers = ResourceServers::default();
        let builds = server("builds", Some("https://builds.example.com"));
        servers.put(builds).expect("good");
        servers
    }

    #[test]
    fn x10_a_server_is_meant_by_its_name_or_its_audience() {
        let servers = two();
        let named = |asked| {
            let found = servers.of_audience(asked, ISSUER);
            found.map(|server| server.name.as_str())
        };
        assert_eq!(named("builds"), Some("builds"));
        assert_eq!(named("https://builds.example.com"), Some("builds"));
        assert_eq!(named("default"), Some("default"));
        assert_eq!(named(ISSUER), Some("default"));
        assert_eq!(named("Builds"), None);
        assert_eq!(named("https://builds.example.com/"), None);
        assert_eq!(named(""), None);
    }

    #[test]
    fn res_01_a_resource_is_an_absolute_uri_without_a_fragment() {
        let mut servers = two();
        servers
            .put(server("odd", Some("builds-api")))
            .expect("good");
        let found = |uri| servers.of_resource(uri, ISSUER).is_some();
        assert!(found("https://builds.example.com") && found(ISSUER));
        assert!(!found("https://builds.example.com#x"));
        assert!(!found("builds-api"), "a name is no URI");
        assert!(!found("builds"));
    }

    #[test]
    fn audiences_are_unique_and_default_has_the_issuer() {
        let mut servers = two();
        let mut refused =
            |name, audience| servers.put(server(name, audience)).expect_err("refused");
        let taken = |text: &str| BadResourceServer::Taken(text.to_owned());
        assert_eq!(refused("x", None), BadResourceServer::NoAudience);
        assert_eq!(refused("x", Some("a b")), BadResourceServer::Audience);
        assert_eq!(refused("x", Some("")), BadResourceServer::Audience);
        assert_eq!(refused("x", Some("builds")), taken("builds"));
        assert_eq!(refused("x", Some("default")), taken("default"));
        let twice = "https://builds.example.com";
        assert_eq!(refused("x", Some(twice)), taken(twice));
        assert_eq!(
            refused(DEFAULT, Some("a")),
            BadResourceServer::AudienceOfDefault
        );
        assert!(!servers.may_have_issuer(twice) && servers.may_have_issuer(ISSUER));
    }

    #[test]
    fn a_lifetime_is_a_minute_to_a_day() {
        let mut servers = ResourceServers::default();
        let mut with = |lifetime| {
            let server = ResourceServer {
                lifetime,
                ..server(DEFAULT, None)
            };
            servers.put(server).is_ok()
        };
        assert!(with(Duration::from_mins(1)) && with(Duration::from_hours(24)));
        assert!(!with(Duration::from_secs(59)) && !with(Duration::from_secs(86_401)));
        assert_eq!(servers.algorithms(), [Algorithm::EdDsa]);
        assert_eq!(two().algorithms(), [Algorithm::Es256, Algorithm::EdDsa]);
    }
}
