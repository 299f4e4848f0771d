//! The demo: who one can be, with one press, on this machine only.

use keyfob_core::name::Email;
use keyfob_server::app::act_as::{Demo, Part, Person};
use keyfob_server::state::Parts;

use crate::reader::{Reader, form};
use crate::site::Site;

const STRIP: &str = "<aside class=\"strip\"";

async fn demo() -> Site {
    let person = |name: &str, standing: &str, part| Person {
        email: Email::parse(&format!("{name}@acme.example")).unwrap(),
        full_name: format!("{name} the made-up"),
        standing: standing.to_owned(),
        part,
    };
    let people = Demo(vec![
        person("ana", "owner of Acme", Part::Owner),
        person("bo", "member only of Acme/Mobile", Part::Member),
    ]);
    let change = |parts: &mut Parts| parts.demo = Some(people);
    Site::with(super::backend().await, change).await
}

#[tokio::test]
async fn d8_in_the_demo_one_press_signs_in() {
    let site = demo().await;
    let mut reader = Reader::new(&site);
    let led = reader.get("/").await;
    assert_eq!((led.status, led.header("location")), (303, Some("/demo")));
    let page = reader.get("/demo").await;
    for told in [
        "ana the made-up",
        "Owner of Acme",
        "Member only of Acme/Mobile",
        "Sees one organization. Generates and revokes there.",
    ] {
        assert!(page.text().contains(told), "{told}");
    }
    let bo = form(&page, "/demo").with("as", "bo@acme.example");
    let answer = reader.send(&bo).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
    let led = reader.get("/").await;
    let here = format!("/orgs/{}/security", site.mobile);
    assert_eq!(led.header("location"), Some(here.as_str()));
    // As somebody else: the first session is over.
    let as_bo = reader.cookies();
    let page = reader.get("/demo").await;
    let ana = form(&page, "/demo").with("as", "ana@acme.example");
    assert_eq!(reader.send(&ana).await.status, 303);
    assert!(
        reader
            .security(site.acme)
            .await
            .text()
            .contains("ana@acme.example")
    );
    let old = site.get(&here).cookie(&as_bo).header("accept", "text/html");
    assert_eq!(old.send().await.status, 303);
}

#[tokio::test]
async fn d8_every_page_of_the_demo_says_that_it_is_one() {
    let site = demo().await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let mut nobody = Reader::new(&site);
    let pages = [
        nobody.get("/sign-in").await,
        nobody.get("/demo").await,
        nobody.get("/setup").await,
        nobody.get("/nowhere").await,
        ana.security(site.acme).await,
        ana.get("/password").await,
        ana.get(&format!("/orgs/{}/security", site.globex)).await,
    ];
    for page in pages {
        assert_eq!(page.text().matches(STRIP).count(), 1, "{}", page.text());
        assert!(
            page.text()
                .contains("<a href=\"/demo\">Who can I sign in as?</a>")
        );
    }
}

#[tokio::test]
async fn d8_nobody_else_and_from_nowhere_else_signs_in_so() {
    let site = demo().await;
    let mut reader = Reader::new(&site);
    let page = reader.get("/demo").await;
    let press = form(&page, "/demo");
    for other in ["cem@acme.example", "nobody@acme.example", ""] {
        let answer = reader.send(&press.clone().with("as", other)).await;
        assert_eq!(
            (answer.status, answer.header("set-cookie")),
            (404, None),
            "{other}"
        );
    }
    let ana = press.with("as", "ana@acme.example");
    let ask = reader.asking(&ana).header("origin", "https://evil.example");
    assert_eq!(reader.answer(ask).await.status, 403);
    assert_eq!(
        reader.send(&ana.clone().with("formToken", "")).await.status,
        403
    );
    let far = reader.asking(&ana).from("192.0.2.1");
    assert_eq!(reader.answer(far).await.status, 404);
    let far = site.get("/demo").from("192.0.2.1");
    assert_eq!(far.send().await.status, 404);
    let near = reader.asking(&ana).from("127.0.0.1");
    assert_eq!(reader.answer(near).await.status, 303);
}

#[tokio::test]
async fn d8_elsewhere_there_is_no_such_page_and_no_strip() {
    let site = Site::on(super::backend().await).await;
    let mut reader = Reader::new(&site);
    assert_eq!(reader.get("/demo").await.status, 404);
    let page = reader.get("/sign-in").await;
    let press = form(&page, "/sign-in").value("formToken").to_owned();
    let fields = format!("formToken={press}&as=ana@acme.example");
    let answer = reader.answer(site.post("/demo").form(&fields)).await;
    assert_eq!((answer.status, answer.header("set-cookie")), (404, None));
    let mut ana = Reader::signed_in(&site, "ana").await;
    for page in [page, ana.security(site.acme).await] {
        assert!(!page.text().contains(STRIP));
    }
    let led = reader.get("/").await;
    assert_eq!(led.header("location"), Some("/sign-in?next=%2F"));
}
