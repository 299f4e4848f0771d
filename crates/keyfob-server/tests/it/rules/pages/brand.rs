//! What operators call the dashboard, and how it looks as theirs.

use keyfob_server::brand::{Accent, Brand, Logo};

use crate::reader::Reader;
use crate::site::Site;

#[tokio::test]
async fn an_operators_name_logo_and_colour_are_on_every_page() {
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>";
    let brand = Brand {
        name: "Larkspur <Keys>".to_owned(),
        accent: Some(Accent::parse("#0b6e4f").unwrap()),
        logo: Some(Logo::read(svg).unwrap()),
    };
    let backend = super::backend().await;
    let site = Site::with(backend, |parts| parts.brand = brand).await;
    let mut ana = Reader::signed_in(&site, "ana").await;
    let mut nobody = Reader::new(&site);
    for page in [
        ana.security(site.acme).await,
        nobody.get("/sign-in").await,
        nobody.get("/nothing").await,
    ] {
        let text = page.text();
        assert!(text.contains("Larkspur &#60;Keys&#62;</a>"), "{text}");
        assert!(!text.contains(">Keyfob<"));
        assert!(text.contains("/assets/brand.css"));
    }
    let colour = site.get("/assets/brand.css").send().await;
    assert_eq!(colour.text(), ":root { --accent: #0b6e4f; }\n");
    let logo = site.get("/assets/logo").send().await;
    assert_eq!(logo.header("content-type"), Some("image/svg+xml"));
    assert_eq!(logo.body.as_ref(), svg);
    assert_eq!(
        logo.header("content-security-policy"),
        Some("default-src 'none'; frame-ancestors 'none'")
    );
}

#[tokio::test]
async fn without_a_brand_it_is_keyfob() {
    let site = Site::on(super::backend().await).await;
    let page = Reader::new(&site).get("/sign-in").await;
    assert!(page.text().contains(">Keyfob</a>"));
    assert!(!page.text().contains("brand.css"));
    let logo = site.get("/assets/logo").send().await;
    assert_eq!(logo.status, 200);
    assert_eq!(
        site.get("/assets/brand.css").outcome().await,
        "404 not_found"
    );
}
