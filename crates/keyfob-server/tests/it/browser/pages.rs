//! D7, of every page in every state (`scenes.rs`): nothing for axe-core to find, nothing for the browser to
//! complain of, nothing to scroll sideways.

use std::fs;
use std::sync::LazyLock;
use std::time::Duration;

use keyfob_core::name::Email;
use keyfob_core::policy::RootCreation;
use keyfob_server::app::act_as::{Demo, Part, Person};
use keyfob_server::app::set_up::offer;
use keyfob_server::state::Parts;
use serde_json::{Value, json};
use thirtyfour::TimeoutConfiguration;

use super::driver::{Browser, PATIENCE, Script};
use super::stage::Stage;
use crate::mail_server::MailServer;
use crate::reader::{Reader, form};
use crate::scenes::{DEMO, MAIL, Props, SCENES, SET_UP, Scene, Step, filled_in, set_up};
use crate::site::Pat;

/// Where the script of axe-core is.
const VARIABLE: &str = "KEYFOB_TEST_AXE";

/// axe-core, which the test run has fetched.
static AXE: LazyLock<String> = LazyLock::new(|| {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test binary has no other way to be told"
    )]
    let Some(path) = std::env::var_os(VARIABLE) else {
        panic!("{VARIABLE} is not set; `cargo xtask test` fetches axe-core and sets it");
    };
    fs::read_to_string(path).unwrap()
});

/// Asks for everything that WCAG 2.2 says up to AA, and for the best practices. What axe cannot decide by
/// itself is no finding.
const ASK: &str = r"
    const answer = arguments[0];
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] }).then(
        found => answer(found.violations.flatMap(rule =>
            rule.nodes.map(node => rule.id + ': ' + node.html.slice(0, 200)
                + ' ' + (node.failureSummary || '').replace(/\s+/g, ' ').slice(0, 300)))),
        error => answer(['axe failed: ' + error]))";

/// The scenes on one stage, in one browser.
struct Show {
    stage: Stage,
    props: Props,
    browser: Browser,
}

impl Show {
    async fn open() -> Self {
        Self::with(|_parts| ()).await
    }

    /// On a stage whose server is made otherwise.
    async fn with(change: impl FnOnce(&mut Parts)) -> Self {
        let stage = Stage::with(|parts| {
            parts.policy.pat_limit = 3;
            parts.policy.root_creation = RootCreation::Anyone;
            change(parts);
        });
        let stage = stage.await;
        let props = set_up(&stage.site).await;
        Self::on(stage, props).await
    }

    /// On a stage with nobody in it, and the link to the first account.
    async fn empty() -> Self {
        let stage = Stage::empty().await;
        let app = &stage.site.app;
        let offered = offer(&app.store, &*app.entropy, app.now()).await;
        let link = offered.unwrap().unwrap().url("");
        Self::by_link(stage, link).await
    }

    /// On a stage for which nothing was made but a link.
    async fn by_link(stage: Stage, link: String) -> Self {
        let nothing = Pat {
            id: String::new(),
            secret: String::new(),
            organization: stage.site.acme,
        };
        let props = Props {
            managed: nothing.clone(),
            pat: nothing,
            session: String::new(),
            link,
            invitations: [String::new(), String::new()],
        };
        Self::on(stage, props).await
    }

    async fn on(stage: Stage, props: Props) -> Self {
        let browser = Browser::open(Script::On).await;
        let patient = Some(PATIENCE);
        let patient = TimeoutConfiguration::new(patient, patient, Some(Duration::ZERO));
        browser.driver.update_timeouts(patient).await.unwrap();
        Self {
            stage,
            props,
            browser,
        }
    }

    /// Brings a scene about.
    async fn play(&self, scene: &Scene) {
        let browser = &self.browser;
        self.forget().await;
        if let Some(name) = scene.who {
            self.stage.signs_in(browser, name).await;
        }
        let path = self.filled_in(scene.page);
        browser.go(&self.stage.url(&path)).await;
        for step in scene.then {
            match *step {
                Step::Press(selector) => browser.press(selector).await,
                Step::Fill(selector, text) => browser.fill(selector, &self.filled_in(text)).await,
                Step::See(selector) => drop(browser.see(selector).await),
                Step::Pause(minutes) => self.stage.site.advance(Duration::from_mins(minutes)),
                Step::Forget => self.forget().await,
            }
        }
        browser.see("h1").await;
    }

    fn filled_in(&self, text: &str) -> String {
        filled_in(&self.stage.site, &self.props, text)
    }

    async fn forget(&self) {
        self.browser
            .devtools("Network.clearBrowserCookies", json!({}))
            .await;
    }

    /// What axe-core finds on the page as it is.
    async fn findings(&self) -> Vec<String> {
        self.browser.run(&AXE).await;
        let found = self
            .browser
            .driver
            .execute_async(ASK, vec![])
            .await
            .unwrap();
        serde_json::from_value(found.json().clone()).unwrap()
    }

    /// By how many pixels the page is wider than the window.
    async fn is_too_wide_by(&self) -> Value {
        let script =
            "const page = document.documentElement; return page.scrollWidth - page.clientWidth";
        self.browser.run(script).await
    }
}

/// What the browser always says of a page that is an error: that it is one.
fn is_its_status(complaint: &str, scene: &Scene) -> bool {
    scene.status != 200
        && complaint.contains(&format!("responded with a status of {}", scene.status))
}

/// Looks at scenes in a window of that width: at what the browser says, at both looks, and at the width.
async fn look_at(show: &Show, scenes: &[Scene], width: u32) {
    show.browser.resize(width, 900).await;
    for scene in scenes {
        show.play(scene).await;
        let what = format!("{}, {width} px", scene.what);
        let complaints = show.browser.complaints().await;
        let unknown: Vec<&String> = complaints
            .iter()
            .filter(|complaint| !is_its_status(complaint, scene))
            .collect();
        assert_eq!(unknown, [""; 0], "{what}");
        let is_answered = complaints.len() == usize::from(scene.status != 200);
        assert!(is_answered, "{what} {}: {complaints:?}", scene.status);
        for scheme in ["light", "dark"] {
            show.browser.prefer(scheme).await;
            assert_eq!(show.findings().await, [""; 0], "{what}, {scheme}");
        }
        assert_eq!(show.is_too_wide_by().await, 0, "{what}");
    }
}

#[tokio::test]
async fn d7_axe_finds_nothing_on_any_page_and_the_browser_complains_of_nothing() {
    look_at(&Show::open().await, SCENES, 1280).await;
}

#[tokio::test]
async fn d7_on_a_phone_axe_finds_nothing_and_nothing_is_scrolled_sideways() {
    look_at(&Show::open().await, SCENES, 360).await;
}

#[tokio::test]
async fn d7_nor_is_there_anything_to_find_in_a_demo() {
    let person = Person {
        email: Email::parse("bo@acme.example").unwrap(),
        full_name: "Bo".to_owned(),
        standing: "member only of Acme/Mobile".to_owned(),
        part: Part::Member,
    };
    let show = Show::with(|parts| parts.demo = Some(Demo(vec![person]))).await;
    for width in [1280, 360] {
        look_at(&show, DEMO, width).await;
    }
}

#[tokio::test]
async fn d7_nor_where_the_first_account_is_made() {
    let show = Show::empty().await;
    for width in [1280, 360] {
        look_at(&show, SET_UP, width).await;
    }
}

#[tokio::test]
async fn d7_nor_where_mail_is_set_up() {
    let mut server = MailServer::start().await;
    let mailer = server.mailer();
    let stage = Stage::with(|parts| parts.mailer = Some(mailer)).await;
    let mut reader = Reader::new(&stage.site);
    let page = reader.get("/forgotten").await;
    let asked = form(&page, "/forgotten").with("email", "bo@acme.example");
    assert_eq!(reader.send(&asked).await.status, 200);
    let link = server.next().await.link(&stage.site.app.issuer);
    let show = Show::by_link(stage, link).await;
    for width in [1280, 360] {
        look_at(&show, MAIL, width).await;
    }
}

#[tokio::test]
async fn faults_of_a_page_would_be_found() {
    let show = Show::open().await;
    show.play(&SCENES[0]).await;
    assert_eq!(show.browser.complaints().await, [""; 0]);
    let spoil = "document.querySelector('label').remove();
                 const script = document.createElement('script');
                 script.textContent = 'document.title = 1';
                 document.body.append(script);
                 const wide = document.createElement('div');
                 wide.style.width = '3000px';
                 wide.textContent = 'wide';
                 document.body.append(wide);
                 setTimeout(() => { throw new Error('a fault') })";
    show.browser.run(spoil).await;
    let found = show.findings().await;
    assert!(
        found.iter().any(|finding| finding.starts_with("label: ")),
        "{found:?}"
    );
    assert_ne!(show.is_too_wide_by().await, 0);
    let complaints = show.browser.complaints().await.join("\n");
    for part in ["Content Security Policy", "a fault"] {
        assert!(complaints.contains(part), "{part} in {complaints}");
    }
}
