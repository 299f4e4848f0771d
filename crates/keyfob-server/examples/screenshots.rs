//! Takes the pictures of the documents from the demo. `cargo xtask screenshots` builds what it needs and
//! says where the browser is; the arguments are `keyfobd` and the folder of the pictures.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a tool of ours"
)]

#[path = "../tests/it/browser/driver.rs"]
#[expect(dead_code, reason = "the tests use all of it")]
mod driver;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use self::driver::{Browser, Script};

/// Most bytes of a picture: they are kept in the repository.
const PICTURE_MAX: usize = 150 * 1024;

/// The demo while it runs.
struct Demo {
    server: Child,
    said: Value,
    _output: BufReader<ChildStdout>,
}

impl Demo {
    fn start(keyfobd: OsString) -> Self {
        let mut server = Command::new(keyfobd)
            .args(["serve", "--demo", "--json", "--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(server.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        Self {
            server,
            said: serde_json::from_str(&line).unwrap(),
            _output: output,
        }
    }

    /// Where one signs in with a password.
    fn sign_in(&self) -> String {
        let url = self.said["url"].as_str().unwrap();
        format!("{url}/sign-in")
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

/// Where pictures are taken, and where they go.
struct Studio {
    demo: Demo,
    browser: Browser,
    folder: PathBuf,
}

impl Studio {
    /// Signs in as one of the demo's people, in the order in which it names them.
    async fn signs_in(&self, person: usize) {
        let person = &self.demo.said["users"][person];
        let text = |name: &str| person[name].as_str().unwrap();
        let browser = &self.browser;
        browser
            .devtools("Network.clearBrowserCookies", json!({}))
            .await;
        browser.go(&self.demo.sign_in()).await;
        browser.fill("#email", text("email")).await;
        browser.fill("#pw", text("password")).await;
        browser.press("form.fields .btn-primary").await;
        browser.see("#pat").await;
    }

    /// Opens the page of an organization by its name in the switch.
    async fn switches_to(&self, organization: &str) {
        let find = "const all = [...document.querySelectorAll('#tree a')];
                    return all.find(it => it.children[1].textContent === arguments[0]).href";
        let driver = &self.browser.driver;
        let found = driver
            .execute(find, vec![json!(organization)])
            .await
            .unwrap();
        self.browser.go(found.json().as_str().unwrap()).await;
        self.browser.read(".side-foot .switch", organization).await;
    }

    async fn takes(&self, name: &str) {
        let picture = self.browser.driver.screenshot_as_png().await.unwrap();
        assert!(
            picture.len() < PICTURE_MAX,
            "{name} has {} bytes",
            picture.len()
        );
        fs::write(self.folder.join(name), picture).unwrap();
    }

    async fn takes_all(&self) {
        let browser = &self.browser;
        browser.prefer("light").await;
        browser.resize(1280, 720).await;
        browser.go(&self.demo.sign_in()).await;
        browser.see("#email").await;
        self.takes("sign-in.png").await;

        self.signs_in(0).await;
        browser.resize(1280, 1000).await;
        browser.press("form.generate > .btn").await;
        browser.see("#secret").await;
        // The page begins at the new token; here it is to be seen from the top.
        browser.run("scrollTo(0, 0)").await;
        self.takes("security-light.png").await;
        browser.prefer("dark").await;
        self.takes("security-dark.png").await;
        browser.resize(360, 740).await;
        browser
            .run("document.getElementById('pat').scrollIntoView()")
            .await;
        self.takes("phone.png").await;

        browser.prefer("light").await;
        browser.resize(1280, 720).await;
        self.switches_to("Mobile").await;
        browser.press(".switch").await;
        browser.see("#tree").await;
        self.takes("organization-switch.png").await;

        self.signs_in(3).await;
        self.switches_to("Mobile").await;
        browser.see("#pat .list").await;
        self.takes("inherited.png").await;
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = env::args_os().skip(1);
    let (Some(keyfobd), Some(folder)) = (arguments.next(), arguments.next()) else {
        panic!("type `cargo xtask screenshots`");
    };
    let studio = Studio {
        demo: Demo::start(keyfobd),
        browser: Browser::open(Script::On).await,
        folder: folder.into(),
    };
    studio.takes_all().await;
}
