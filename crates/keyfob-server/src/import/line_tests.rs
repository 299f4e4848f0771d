//! Reading lines.

use keyfob_core::foreign::TokenForms;
use keyfob_core::id::KeyId;
use keyfob_core::secret::Pepper;
use uuid::Uuid;

use super::*;

fn format() -> Format {
    let pepper = |number: u8| {
        (
            KeyId::from_uuid(Uuid::from_u128(number.into())),
            Pepper::new(&[number; 32]),
        )
    };
    Format {
        keys: Keys::default(),
        peppers: vec![pepper(2), pepper(1)],
        forms: TokenForms::default(),
    }
}

fn read(text: &str) -> Result<Line, (Option<Kind>, Reason)> {
    format().read(text.as_bytes())
}

#[test]
fn a_bad_line_tells_its_kind_when_it_is_known() {
    let kind = |text| read(text).map(|_line| ()).expect_err("a bad line").0;
    assert_eq!(kind(r#"{"type":"token"}"#), Some(Kind::Token));
    assert_eq!(kind(r#"{"type":"organization"}"#), Some(Kind::Organization));
    assert_eq!(kind(r#"{"type":"user"}"#), Some(Kind::User));
    assert_eq!(kind(r#"{"type":"membership"}"#), Some(Kind::Membership));
    assert_eq!(kind(r#"{"type":"Token"}"#), None);
    assert_eq!(kind("null"), None);
}

#[test]
fn absent_and_null_are_the_same() {
    let plain = r#"{"type":"organization","name":"Acme"}"#;
    let null = r#"{"type":"organization","id":null,"externalId":null,"name":"Acme","parent":null}"#;
    for text in [plain, null] {
        let Ok(Line::Organization(line)) = read(text) else {
            panic!("{text}")
        };
        assert!(line.id.is_none() && line.external_id.is_none() && line.parent.is_none());
    }
}

#[test]
fn a_ceiling_is_kept_sorted_and_each_name_once() {
    let names = |names: &[&str]| ceiling(names.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(
        names(&["b:view", "a:view", "b:view"]),
        Ok("a:view b:view".to_owned())
    );
    assert_eq!(names(&[]), Err(Reason::Ceiling));
    assert_eq!(names(&["a:view b:view"]), Err(Reason::Ceiling));
    assert_eq!(names(&[""]), Err(Reason::Ceiling));
}

#[test]
fn a_token_has_a_digest_under_every_pepper() {
    let hash = "0f".repeat(32);
    let text = format!(
        r#"{{"type":"token","user":"a@b.example","organization":"A","name":"ci","hash":{{"sha256":"{hash}"}}}}"#
    );
    let Ok(Line::Token(line)) = read(&text) else {
        panic!("{text}")
    };
    let hash = TokenHash::imported(Scheme::Sha256, vec![0x0f; 32]).expect("a hash");
    assert_eq!(
        line.macs,
        [
            Pepper::new(&[2; 32]).mac(&hash),
            Pepper::new(&[1; 32]).mac(&hash)
        ]
    );
    assert!(line.is_native);
}

#[test]
fn no_secret_of_a_line_is_in_its_debug_form() {
    let text = r#"{"type":"user","email":"a@b.example","fullName":"A","password":"correct horse"}"#;
    let shown = format!("{:?}", read(text));
    assert!(
        shown.contains("a@b.example") && !shown.contains("horse"),
        "{shown}"
    );
}
