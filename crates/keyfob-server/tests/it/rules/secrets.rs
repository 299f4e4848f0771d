//! P2 and P12: a secret is in one answer, and the database holds none.

use std::fmt::Write as _;
use std::fs;

use aws_lc_rs::{digest, hmac};
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use keyfob_server::seal::RootKey;
use keyfob_store::key::{KeyRecord, key_list};
use keyfob_testkit::schema::dump;
use uuid::Uuid;

use crate::client::Answer;
use crate::site::{PASSWORD, Site, pats_of};

/// Everything that the database holds, in one text; bytes as hexadecimal digits without a gap.
async fn whole_dump(site: &Site) -> String {
    let tables = dump(&site.world.store).await;
    let mut text = String::new();
    for (table, rows) in &tables {
        for row in rows {
            writeln!(text, "{table} {}", row.replace(", ", "")).unwrap();
        }
    }
    text
}

/// The forms in which a secret could have been kept.
fn forms(secret: &[u8]) -> Vec<String> {
    let hashes = [&digest::SHA256, &digest::SHA384, &digest::SHA512];
    let hashed = hashes.map(|hash| digest::digest(hash, secret).as_ref().to_vec());
    let mut forms = vec![String::from_utf8_lossy(secret).into_owned()];
    for bytes in hashed.iter().map(Vec::as_slice).chain([secret]) {
        forms.push(HEXLOWER.encode(bytes));
        forms.push(BASE64.encode(bytes));
        forms.push(BASE64URL_NOPAD.encode(bytes));
    }
    forms
}

fn sha256(text: &str) -> Vec<u8> {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    digest.as_ref().to_vec()
}

async fn key_records(site: &Site) -> Vec<KeyRecord> {
    let mut tx = site.world.store.read().await.unwrap();
    key_list(&mut tx).await.unwrap()
}

fn shows(answer: &Answer, secret: &str) -> bool {
    let headers = answer.headers.values();
    let mut texts = headers.map(|value| String::from_utf8_lossy(value.as_bytes()));
    answer.text().contains(secret) || texts.any(|text| text.contains(secret))
}

#[tokio::test]
async fn p2_the_secret_is_in_exactly_one_answer() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let made = site.generating(&ana, site.acme, "{}").send().await;
    let (id, secret) = (made.member("id"), made.member("token"));
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let door = site.exchanging("v2", &format!("pat={secret}")).send().await;
    let jwt = door.member("access_token");
    let path = format!("{}/{id}", pats_of(site.acme));
    let of_session = |ask: crate::client::Ask| ask.cookie(&ana);
    let answers = [
        door,
        of_session(site.get(&pats_of(site.acme))).send().await,
        site.get(&pats_of(site.acme))
            .cookie(&site.sign_in("ana").await)
            .send()
            .await,
        of_session(site.get(&path)).send().await,
        of_session(site.get("/identity/v1/organizations"))
            .send()
            .await,
        of_session(site.get("/identity/v1/session")).send().await,
        of_session(site.get("/identity/v1/sessions")).send().await,
        of_session(site.get("/")).send().await,
        site.get("/oauth/userinfo").bearer(&jwt).send().await,
        site.get("/identity/v1/organizations")
            .bearer(&jwt)
            .send()
            .await,
        // A request that was wrong does not repeat what it held.
        site.exchanging("v2", &format!("pat={secret}&pat={secret}"))
            .send()
            .await,
        site.post(&format!("/auth/v2/token?pat={secret}"))
            .form("")
            .send()
            .await,
        site.post(&format!("/auth/v2/{secret}")).send().await,
        site.get(&format!("/{secret}")).send().await,
        of_session(site.delete(&format!("{}/{secret}", pats_of(site.acme))))
            .send()
            .await,
        site.generating(&ana, site.acme, &format!(r#"{{"expiresDate":"{secret}"}}"#))
            .send()
            .await,
        of_session(site.delete(&path)).send().await,
        of_session(site.get(&pats_of(site.acme))).send().await,
    ];
    assert!(shows(&made, &secret));
    let body = &secret[6..38];
    for answer in &answers {
        assert!(
            !shows(answer, &secret) && !shows(answer, body),
            "{answer:?}"
        );
    }
    let again = site.generating(&ana, site.acme, "{}").send().await;
    assert!(!shows(&again, body), "another one has another secret");
}

#[tokio::test]
async fn p12_no_secret_lies_in_the_database_in_any_form() {
    let site = Site::on(super::backend().await).await;
    let cookie = site.sign_in("ana").await;
    let pat = site.generate(&cookie, site.acme, "{}").await;
    let revoked = site.pat("bo", site.mobile).await;
    let jwt = site.jwt(&pat, site.ios).await;
    site.jwt(&revoked, site.mobile).await;
    let bo = site.sign_in("bo").await;
    assert_eq!(site.revoking(&revoked).cookie(&bo).outcome().await, "204");
    let refused = site.exchange(&revoked, site.mobile).await;
    assert_eq!(refused.outcome(), "401 invalid_grant");
    site.app.activity.flush(&site.app.store).await.unwrap();
    let dump = whole_dump(&site).await;
    let cookie = cookie.split_once('=').unwrap().1;
    // What has to be there shows that the search finds.
    assert!(dump.contains(&format!("kfpat_…{}", &pat.secret[40..])));
    assert!(
        dump.contains(&HEXLOWER.encode(&sha256(cookie))),
        "a session's hash"
    );
    assert!(dump.contains("$argon2id$"));
    let cookie_hash = HEXLOWER.encode(&sha256(cookie));
    let mut secrets = vec![
        pat.secret.clone().into_bytes(),
        pat.secret.as_bytes()[6..].to_vec(),
        revoked.secret.into_bytes(),
        jwt.into_bytes(),
        PASSWORD.as_bytes().to_vec(),
        cookie.as_bytes().to_vec(),
        BASE64URL_NOPAD.decode(cookie.as_bytes()).unwrap(),
        BASE64
            .decode(fs::read(site.root_key()).unwrap().trim_ascii())
            .unwrap(),
    ];
    let root_key = RootKey::load(&site.root_key()).unwrap();
    for record in key_records(&site).await {
        let opened = root_key.open(&record.purpose, record.id.uuid(), &record.sealed);
        secrets.push(opened.unwrap().to_vec());
    }
    assert_eq!(
        secrets.len(),
        10,
        "a pepper and a signing key are among them"
    );
    for (place, secret) in secrets.iter().enumerate() {
        for form in forms(secret).iter().filter(|form| **form != cookie_hash) {
            assert!(!dump.contains(form.as_str()), "secret {place} as {form}");
        }
    }
    // On the embedded engine the files too, with what they keep beside the rows.
    let file = site.backend.file().into_iter();
    let files = file.flat_map(|file| [file.with_extension("db-wal"), file]);
    let bytes: Vec<u8> = files.flat_map(|file| fs::read(file).unwrap()).collect();
    let mut kept = secrets.iter().filter(|secret| contains(&bytes, secret));
    assert_eq!(kept.next(), None);
    assert_eq!(bytes.is_empty(), site.backend.file().is_none());
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn p10_a_rotation_shows_each_secret_in_one_answer_and_keeps_neither_it_nor_the_key() {
    let site = Site::on(super::backend().await).await;
    let ana = site.sign_in("ana").await;
    let old = site.generate(&ana, site.acme, "{}").await;
    let key = "9f0c6d52-a-key-of-a-client";
    let mut made = Vec::new();
    for _asked in 0..3 {
        made.push(site.rotating(&ana, &old, key, "{}").send().await);
    }
    let pats: Vec<_> = made.iter().map(|answer| old.successor(answer)).collect();
    assert_eq!(site.door(&pats[2]).await, "200");
    let others = [
        site.rotating(&ana, &old, key, "{}").send().await,
        site.rotating(&ana, &pats[2], key, r#"{"overlapSeconds":9999999}"#)
            .send()
            .await,
        site.get(&pats_of(site.acme)).cookie(&ana).send().await,
        site.rotating(&ana, &old, &old.secret, "{}").send().await,
    ];
    for (place, pat) in pats.iter().enumerate() {
        let body = &pat.secret[6..38];
        let shown = made.iter().map(|answer| shows(answer, body));
        let shown: Vec<bool> = shown.collect();
        let wanted: Vec<bool> = (0..3).map(|answer| answer == place).collect();
        assert_eq!(shown, wanted);
        assert!(!others.iter().any(|answer| shows(answer, body)));
    }
    for answer in made.iter().chain(&others) {
        assert!(!shows(answer, &old.secret) && !shows(answer, key));
    }
    site.app.activity.flush(&site.app.store).await.unwrap();
    let dump = whole_dump(&site).await;
    assert!(dump.contains("unseen_successor"), "it is looked at");
    let secrets = pats.iter().map(|pat| pat.secret.as_str());
    for secret in secrets.chain([old.secret.as_str(), key]) {
        for form in forms(secret.as_bytes()) {
            assert!(!dump.contains(&form), "{form}");
        }
    }
}

#[tokio::test]
async fn p12_what_is_stored_is_the_keyed_digest_and_nothing_opens_without_the_root_key() {
    let site = Site::on(super::backend().await).await;
    let pat = site.pat("ana", site.acme).await;
    let root_key = RootKey::load(&site.root_key()).unwrap();
    let records = key_records(&site).await;
    let pepper = records.iter().find(|record| record.purpose == "pepper");
    let pepper = pepper.unwrap();
    let opened = root_key.open("pepper", pepper.id.uuid(), &pepper.sealed);
    let mut message = vec![1, 0];
    message.extend(sha256(&pat.secret));
    let mac = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, &opened.unwrap()),
        &message,
    );
    let stored = format!("mac=Some([{}])", HEXLOWER.encode(mac.as_ref()));
    assert!(whole_dump(&site).await.contains(&stored));
    // Sealed to its record: neither under another purpose nor under another id does it open.
    let open = |purpose: &str, id: Uuid| root_key.open(purpose, id, &pepper.sealed).is_ok();
    assert!(open("pepper", pepper.id.uuid()));
    assert!(!open("access-token", pepper.id.uuid()));
    assert!(!open("pepper", Uuid::from_u128(1)));
    let elsewhere = tempfile::tempdir().unwrap();
    let other = RootKey::load_or_make(&elsewhere.path().join("root.key"), &*site.world.entropy);
    let other = other.unwrap();
    for record in &records {
        let opened = other.open(&record.purpose, record.id.uuid(), &record.sealed);
        assert!(opened.is_err(), "{}", record.purpose);
    }
}
