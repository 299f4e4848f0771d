//! A site behind a real port of this machine, for browsers.

use keyfob_core::id::OrgId;
use keyfob_server::http::server::serve;
use keyfob_server::http::service;
use keyfob_server::state::Parts;
use keyfob_testkit::backend::Backend;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::driver::{Browser, Script};
use crate::site::{PASSWORD, Site};

/// A site that listens. It stops with this value.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) site: Site,
    _stop: oneshot::Sender<()>,
}

impl Stage {
    pub(crate) async fn open() -> Self {
        Self::with(|_parts| ()).await
    }

    /// With a server that is made otherwise.
    pub(crate) async fn with(change: impl FnOnce(&mut Parts)) -> Self {
        let port = Port::take().await;
        let issuer = port.issuer();
        let site = Site::with(Backend::sqlite().await, |parts| {
            parts.issuer = issuer;
            change(parts);
        });
        port.serves(site.await)
    }

    /// With nobody in it yet.
    pub(crate) async fn empty() -> Self {
        let port = Port::take().await;
        let issuer = port.issuer();
        let change = |parts: &mut Parts| parts.issuer = issuer;
        let site = Site::founded(Backend::sqlite().await, change);
        port.serves(site.await)
    }

    /// The address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.site.app.issuer)
    }

    /// Opens a browser at a path, where somebody is signed in already.
    pub(crate) async fn browser(&self, name: &str, path: &str) -> Browser {
        self.browser_with(Script::On, name, path).await
    }

    pub(crate) async fn browser_with(&self, script: Script, name: &str, path: &str) -> Browser {
        let browser = Browser::open(script).await;
        self.signs_in(&browser, name).await;
        browser.go(&self.url(path)).await;
        browser
    }

    /// Gives a browser a session of somebody.
    pub(crate) async fn signs_in(&self, browser: &Browser, name: &str) {
        let cookie = self.site.sign_in(name).await;
        browser.set_cookie(&self.url("/"), &cookie).await;
    }

    /// Fills in the form where one signs in.
    pub(crate) async fn signs_in_by_form(&self, browser: &Browser, name: &str) {
        let email = format!("{name}@acme.example");
        browser.fill("#email", &email).await;
        browser.fill("#pw", PASSWORD).await;
        browser.press("form.fields .btn-primary").await;
    }

    /// How many tokens somebody has in an organization: live ones, and all.
    pub(crate) async fn pats(&self, name: &str, organization: OrgId) -> [usize; 2] {
        let cookie = self.site.sign_in(name).await;
        let list = crate::site::pats_of(organization);
        let list = self.site.get(&list).cookie(&cookie).send().await.json();
        let list = list["data"].as_array().unwrap();
        let live = list.iter().filter(|pat| pat["status"] == "active");
        [live.count(), list.len()]
    }

    /// The outcome of exchanging a secret.
    pub(crate) async fn exchange(&self, secret: &str) -> String {
        let form = format!("pat={secret}");
        self.site.exchanging("v2", &form).outcome().await
    }
}

/// A port that is taken before there is a site, because the site's address has it in it.
struct Port(TcpListener);

impl Port {
    async fn take() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    fn issuer(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }

    fn serves(self, site: Site) -> Stage {
        let (stop, stopping) = oneshot::channel::<()>();
        let shutdown = async { stopping.await.unwrap_or_default() };
        drop(tokio::spawn(serve(self.0, service(&site.app), shutdown)));
        Stage { site, _stop: stop }
    }
}

/// Where one's tokens of an organization are.
pub(crate) fn security(organization: OrgId) -> String {
    format!("/orgs/{organization}/security")
}
