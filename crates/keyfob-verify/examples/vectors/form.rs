//! Texts that are no signed token in its one form, and JSON that two readers may read in two ways.

use std::error::Error;

use keyfob_verify::{Algorithm, Refused};
use serde_json::json;

use crate::accepted::around_the_limit;
use crate::forge::{Case, Forge, USUAL, claims, encode, header};

/// All of them.
pub(crate) fn cases(forge: &Forge) -> Result<Vec<Case>, Box<dyn Error>> {
    let (_fits, longer) = around_the_limit(forge)?;
    let mut cases = vec![Case::refused("jwt_05_too_long", longer, Refused::TooLong)];
    cases.extend(texts(forge)?);
    cases.extend(encodings(forge)?);
    cases.extend(headers(forge)?);
    cases.extend(payloads(forge)?);
    Ok(cases)
}

fn texts(forge: &Forge) -> Result<Vec<Case>, Box<dyn Error>> {
    let good = forge.with_payload(claims().to_string().as_bytes())?;
    let (parts, signature) = good.rsplit_once('.').ok_or("no dot")?;
    let (header, payload) = parts.split_once('.').ok_or("no dot")?;
    let json = json!({ "protected": header, "payload": payload, "signature": signature });
    let refused = |name: &str, text: String| {
        Case::refused(&format!("jwt_05_{name}"), text, Refused::Malformed)
    };
    Ok(vec![
        refused("empty", String::new()),
        refused("one_dot", ".".to_owned()),
        refused("two_dots", "..".to_owned()),
        refused("one_part", header.to_owned()),
        refused("two_parts", parts.to_owned()),
        refused("four_parts", format!("{good}.{signature}")),
        refused("four_parts_the_last_empty", format!("{good}.")),
        refused("five_parts", format!("{good}.{payload}.{signature}")),
        refused("empty_header", format!(".{payload}.{signature}")),
        refused("json_serialization", json.to_string()),
        refused("with_its_scheme", format!("Bearer {good}")),
        refused("space_before", format!(" {good}")),
        refused("space_after", format!("{good} ")),
        refused("line_after", format!("{good}\n")),
        refused("nul_after", format!("{good}\0")),
        refused(
            "wrapped_line",
            format!("{header}.\r\n{payload}.{signature}"),
        ),
        refused("quoted", format!("\"{good}\"")),
        refused("percent_encoded_dots", good.replace('.', "%2E")),
        refused("full_width_dots", good.replace('.', "\u{ff0e}")),
    ])
}

/// Other texts of the same bytes; where the text is signed, it is signed as it is.
fn encodings(forge: &Forge) -> Result<Vec<Case>, Box<dyn Error>> {
    let header = header(USUAL, Algorithm::EdDsa).to_string();
    // 41 bytes and 3n+1 bytes: both leave bits over in the last character.
    let header = format!("{header}{}", " ".repeat((4 - header.len() % 3) % 3));
    let payload = claims().to_string();
    let payload = format!("{payload}{}", " ".repeat((4 - payload.len() % 3) % 3));
    let (header, payload) = (encode(header.as_bytes()), encode(payload.as_bytes()));
    let good = forge.sign_encoded(USUAL, &format!("{header}.{payload}"))?;
    let other = format!("{}.{payload}", trailing_bits(&header)?);
    let third = format!("{header}.{}", trailing_bits(&payload)?);
    let signed = [
        ("padded_header", format!("{header}==.{payload}")),
        ("padded_payload", format!("{header}.{payload}==")),
        ("trailing_bits_in_the_header", other),
        ("trailing_bits_in_the_payload", third),
        (
            "plus_of_the_other_alphabet",
            format!("{header}.{payload}++++"),
        ),
        (
            "slash_of_the_other_alphabet",
            format!("{header}.{payload}////"),
        ),
        ("white_space_in_the_payload", format!("{header}.{payload} ")),
        ("one_character_more", format!("{header}.{payload}AAA")),
    ];
    let mut cases = Vec::new();
    for (name, parts) in signed {
        let token = forge.sign_encoded(USUAL, &parts)?;
        cases.push(Case::refused(
            &format!("jwt_05_{name}"),
            token,
            Refused::Malformed,
        ));
    }
    for (name, token) in [
        ("padded_signature", format!("{good}==")),
        ("trailing_bits_in_the_signature", trailing_bits(&good)?),
    ] {
        cases.push(Case::refused(
            &format!("jwt_05_{name}"),
            token,
            Refused::Malformed,
        ));
    }
    Ok(cases)
}

/// Sets a bit beyond the last byte: the next character of the alphabet stands for the same bytes.
fn trailing_bits(text: &str) -> Result<String, Box<dyn Error>> {
    let (kept, last) = text.split_at_checked(text.len() - 1).ok_or("not ASCII")?;
    let next = match last {
        "A" => 'B',
        "Q" => 'R',
        "g" => 'h',
        "w" => 'x',
        other => return Err(format!("no bits to set after {other}").into()),
    };
    Ok(format!("{kept}{next}"))
}

fn headers(forge: &Forge) -> Result<Vec<Case>, Box<dyn Error>> {
    let payload = claims().to_string();
    let mut cases = Vec::new();
    for (name, header) in [
        (
            "alg",
            &br#"{"alg":"none","alg":"EdDSA","kid":"eddsa-a","typ":"at+jwt"}"#[..],
        ),
        (
            "kid",
            br#"{"alg":"EdDSA","kid":"eddsa-a","kid":"eddsa-a","typ":"at+jwt"}"#,
        ),
        (
            "escaped_kid",
            br#"{"alg":"EdDSA","kid":"x","\u006bid":"eddsa-a","typ":"at+jwt"}"#,
        ),
        (
            "unknown",
            br#"{"alg":"EdDSA","kid":"eddsa-a","typ":"at+jwt","a":{"b":1,"b":1}}"#,
        ),
    ] {
        let token = forge.sign(USUAL, header, payload.as_bytes())?;
        cases.push(Case::refused(
            &format!("jwt_05_duplicate_{name}"),
            token,
            Refused::Malformed,
        ));
    }
    for (name, header) in [
        ("an_array", &br#"["EdDSA","eddsa-a","at+jwt"]"#[..]),
        ("null", b"null"),
        ("not_json", b"alg: EdDSA"),
        ("no_bytes", b""),
        (
            "followed_by_more",
            br#"{"alg":"EdDSA","kid":"eddsa-a","typ":"at+jwt"}x"#,
        ),
        (
            "after_a_byte_order_mark",
            b"\xef\xbb\xbf{\"alg\":\"EdDSA\",\"kid\":\"eddsa-a\",\"typ\":\"at+jwt\"}",
        ),
        (
            "not_utf_8",
            b"{\"alg\":\"EdDSA\",\"kid\":\"eddsa-a\",\"typ\":\"at+jwt\",\"a\":\"\xff\"}",
        ),
    ] {
        let token = forge.sign(USUAL, header, payload.as_bytes())?;
        cases.push(Case::refused(
            &format!("jwt_05_header_is_{name}"),
            token,
            Refused::Malformed,
        ));
    }
    Ok(cases)
}

fn payloads(forge: &Forge) -> Result<Vec<Case>, Box<dyn Error>> {
    let good = claims().to_string();
    let insert = |more: &str| good.replacen('{', &format!("{{{more},"), 1).into_bytes();
    let nested = good
        .replacen("\"tree\":2", "\"tree\":9,\"tree\":2", 1)
        .into_bytes();
    let mut latin = good.clone().into_bytes();
    latin.splice(1..1, *b"\"x\":\"\xe9\",");
    let array = claims()
        .as_object()
        .map(|claims| claims.values().cloned().collect::<Vec<_>>());
    let mut cases = Vec::new();
    for (name, payload) in [
        ("duplicate_claim", insert("\"exp\":9999999999")),
        (
            "duplicate_escaped_claim",
            insert("\"\\u0065xp\":9999999999"),
        ),
        ("duplicate_unknown_claim", insert("\"x\":1,\"x\":1")),
        ("duplicate_nested_claim", nested),
        ("claims_not_utf_8", latin),
        ("claims_an_array", json!(array).to_string().into_bytes()),
        ("claims_null", b"null".to_vec()),
        ("claims_empty", Vec::new()),
        ("claims_no_members", b"{}".to_vec()),
        (
            "claims_followed_by_more",
            format!("{good}{good}").into_bytes(),
        ),
        ("claims_half_a_surrogate", insert("\"x\":\"\\ud800\"")),
        (
            "claims_too_deep",
            insert(&format!("\"x\":{}{}", "[".repeat(200), "]".repeat(200))),
        ),
    ] {
        let token = forge.with_payload(&payload)?;
        cases.push(Case::refused(
            &format!("jwt_05_{name}"),
            token,
            Refused::BadClaims,
        ));
    }
    Ok(cases)
}
