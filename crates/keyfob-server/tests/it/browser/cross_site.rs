//! Contract 5, CSRF, in a browser: a page of another origin that has a whole form of ours, its token too,
//! sends it, and nothing happens. On the same host the browser even sends the cookie along.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use keyfob_core::policy::RootCreation;
use keyfob_server::http::server::serve;
use keyfob_testkit::schema::dump;
use serde_json::json;
use tokio::net::TcpListener;

use super::driver::{Browser, Script};
use super::stage::Stage;
use crate::scenes::{FORMS, FormCase, Props, filled_in, set_up};

/// Another origin on this machine, whose one page can be written.
struct Elsewhere {
    port: u16,
    page: Arc<Mutex<String>>,
}

impl Elsewhere {
    async fn open() -> Self {
        let page = Arc::<Mutex<String>>::default();
        let shown = Arc::clone(&page);
        let show = move || async move { Html(shown.lock().unwrap().clone()) };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let router: Router = Router::new().route("/", get(show));
        drop(tokio::spawn(serve(
            listener,
            router,
            std::future::pending(),
        )));
        Self { port, page }
    }

    /// Shows a form that goes to an address.
    fn shows(&self, head: &str, action: &str, fields: &[(String, String)]) {
        let mut page =
            format!("<!doctype html><head>{head}</head><form method=\"post\" action=\"{action}\">");
        for (name, value) in fields {
            write!(
                page,
                "<input type=\"hidden\" name=\"{name}\" value=\"{value}\">"
            )
            .unwrap();
        }
        page.push_str("<button>A kitten</button></form>");
        *self.page.lock().unwrap() = page;
    }
}

/// The fields of a form as its page gives them to the browser that has it open, and what is filled in.
async fn fields(
    browser: &Browser,
    filled: Vec<(&'static str, String)>,
    path: &str,
) -> Vec<(String, String)> {
    let script =
        "const form = [...document.forms].find(it => new URL(it.action).pathname === arguments[0]);
                  return [...new FormData(form)]";
    let given = browser
        .driver
        .execute(script, vec![json!(path)])
        .await
        .unwrap();
    let given: Vec<(String, String)> = serde_json::from_value(given.json().clone()).unwrap();
    let is_filled = |name: &str| filled.iter().any(|(each, _value)| *each == name);
    let given = given.into_iter().filter(|(name, _value)| !is_filled(name));
    let mut fields: Vec<(String, String)> = given.collect();
    fields.extend(
        filled
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value)),
    );
    let has_token = |(name, value): &(String, String)| name == "formToken" && !value.is_empty();
    assert!(fields.iter().any(has_token), "{fields:?}");
    fields
}

/// Opens the form's page as who fills it in.
async fn opened(stage: &Stage, props: &Props, form: &FormCase) -> Browser {
    let page = filled_in(&stage.site, props, form.page);
    if let Some(name) = form.who {
        return stage.browser(name, &page).await;
    }
    let browser = Browser::open(Script::On).await;
    browser.go(&stage.url(&page)).await;
    browser
}

#[tokio::test]
async fn d7_a_form_on_another_origin_changes_nothing_through_any_route() {
    let stage = Stage::with(|parts| {
        parts.policy.pat_limit = 4;
        parts.policy.root_creation = RootCreation::Anyone;
    });
    let stage = stage.await;
    let props = set_up(&stage.site).await;
    let elsewhere = Elsewhere::open().await;
    let store = &stage.site.world.store;
    let quiet = r#"<meta name="referrer" content="no-referrer">"#;
    for form in FORMS {
        let browser = opened(&stage, &props, form).await;
        let path = form.path(&stage.site, &props);
        let fields = fields(&browser, form.fields(&stage.site, &props), &path).await;
        let before = dump(store).await;
        for (host, head) in [("127.0.0.1", ""), ("127.0.0.1", quiet), ("localhost", "")] {
            elsewhere.shows(head, &stage.url(&path), &fields);
            browser
                .go(&format!("http://{host}:{}/", elsewhere.port))
                .await;
            browser.press("button").await;
            let text = format!("{} from {host} {head}", form.route);
            browser.see("main h1").await;
            // From another host the session's cookie stays at home with the form, and comes along when the
            // browser is then led to where one signs in.
            let title = browser.text("main h1").await;
            let is_led_away = host == "localhost" && title == "Security";
            assert!(
                title == "This form is too old" || is_led_away,
                "{title}: {text}"
            );
            assert_eq!(
                browser.count("#secret, html[data-theme]").await,
                0,
                "{text}"
            );
            assert_eq!(dump(store).await, before, "{text}");
        }
        if form.who.is_some() {
            browser.go(&stage.url("/")).await;
            browser.see("#pat").await;
        }
    }
}
