//! What holds of any text: a changed token is refused, nothing panics, and what is printed is read again.

use data_encoding::BASE64URL_NOPAD;
use keyfob_verify::{
    AccessClaims, Algorithm, Epochs, Jwks, MAX_LIFETIME_SECONDS, Verifier, encode_unsigned,
    header_segment,
};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use uuid::Uuid;

use crate::keys::TestKeys;
use crate::rules::{JWKS, token};

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://api.example.com";

fn verifier() -> Verifier {
    Verifier::new(ISSUER, AUDIENCE, Jwks::parse(JWKS.as_bytes()).unwrap())
}

fn good() -> impl Strategy<Value = String> {
    select(vec!["es256", "rs256", "eddsa"]).prop_map(token)
}

fn id() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

fn words() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(".{0,12}", 0..6)
}

prop_compose! {
    /// What an issuer may put into claims, as to names and persons.
    fn persons()(
        scope in ".{0,20}",
        roles in option::of(words()),
        email in option::of(".{0,20}"),
        email_verified in option::of(any::<bool>()),
        name in option::of(".{0,20}"),
        entitlements in prop_oneof![
            words().prop_map(|words| (Some(words), None)),
            ".{0,12}".prop_map(|word| (None, Some(word))),
        ],
        ids in [id(), id(), id(), id(), id()],
    ) -> AccessClaims {
        let [sub, jti, current_organization_id, root_organization_id, pid] = ids;
        let (entitlements, entitlements_ref) = entitlements;
        AccessClaims {
            iss: ISSUER.to_owned(),
            sub,
            aud: AUDIENCE.to_owned(),
            exp: NOW + 1,
            iat: NOW,
            jti,
            client_id: "pat-exchange".to_owned(),
            scope,
            current_organization_id,
            root_organization_id,
            pid,
            ep: Epochs { user: 0, tree: 0, instance: 0 },
            entitlements,
            entitlements_ref,
            roles,
            email,
            email_verified,
            name,
            auth_time: 0,
        }
    }
}

prop_compose! {
    /// Any claims that are consistent, and valid at [`NOW`].
    fn claims()(
        claims in persons(),
        past in 0..MAX_LIFETIME_SECONDS,
        future in 1..=MAX_LIFETIME_SECONDS,
        auth_time in 0..=i64::MAX,
        epochs in [0..=i64::MAX, 0..=i64::MAX, 0..=i64::MAX],
    ) -> AccessClaims {
        let [user, tree, instance] = epochs;
        let (iat, exp) = (NOW - past, NOW + future.min(MAX_LIFETIME_SECONDS - past));
        AccessClaims { exp, iat, auth_time, ep: Epochs { user, tree, instance }, ..claims }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_change_of_one_byte_is_refused(good in good(), at in any::<Index>(), byte in 0_u8..128) {
        let mut changed = good.into_bytes();
        let at = at.index(changed.len());
        prop_assume!(changed[at] != byte);
        changed[at] = byte;
        prop_assert!(verifier().verify(&String::from_utf8(changed).unwrap(), NOW).is_err());
    }

    #[test]
    fn any_change_of_one_bit_of_what_is_encoded_is_refused(
        good in good(), part in 0_usize..3, at in any::<Index>(), bit in 0_u8..8,
    ) {
        let mut parts: Vec<String> = good.split('.').map(str::to_owned).collect();
        let mut bytes = BASE64URL_NOPAD.decode(parts[part].as_bytes()).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        parts[part] = BASE64URL_NOPAD.encode(&bytes);
        prop_assert!(verifier().verify(&parts.join("."), NOW).is_err());
    }

    #[test]
    fn any_cut_is_refused(good in good(), start in any::<Index>(), end in any::<Index>()) {
        let (start, end) = (start.index(good.len()), end.index(good.len() + 1));
        prop_assume!(start <= end && (start, end) != (0, good.len()));
        prop_assert!(verifier().verify(good.get(start..end).unwrap(), NOW).is_err());
    }

    #[test]
    fn anything_put_into_it_is_refused(
        good in good(), at in any::<Index>(), more in "[A-Za-z0-9_.=-]{1,8}|.{1,8}",
    ) {
        let mut longer = good.clone();
        longer.insert_str(at.index(good.len() + 1), &more);
        prop_assert!(verifier().verify(&longer, NOW).is_err());
    }

    #[test]
    fn no_text_panics_or_passes(text in ".{0,300}|[A-Za-z0-9_-]{0,90}[.][A-Za-z0-9_-]{0,90}[.][A-Za-z0-9_-]{0,90}") {
        prop_assert!(verifier().verify(&text, NOW).is_err());
    }

    #[test]
    fn no_header_or_payload_panics_or_passes(
        header in any::<Vec<u8>>(), payload in any::<Vec<u8>>(), ours in any::<bool>(),
    ) {
        let keys = TestKeys::load().unwrap();
        let usual = header_segment(Algorithm::EdDsa, "eddsa-a");
        let header = if ours { usual } else { BASE64URL_NOPAD.encode(&header) };
        let parts = format!("{header}.{}", BASE64URL_NOPAD.encode(&payload));
        let token = keys.key("eddsa-a").unwrap().token(&parts).unwrap();
        prop_assert!(verifier().verify(&token, NOW).is_err());
    }

    #[test]
    fn no_key_set_panics(bytes in any::<Vec<u8>>(), at in any::<Index>(), byte in any::<u8>()) {
        prop_assert!(Jwks::parse(&bytes).is_err());
        let mut changed = JWKS.as_bytes().to_vec();
        let at = at.index(changed.len());
        changed[at] = byte;
        if let Ok(keys) = Jwks::parse(&changed) {
            prop_assert!(keys.keys().count() <= 4);
        }
    }

    #[test]
    fn claims_are_read_as_they_are_printed(claims in claims()) {
        let printed = serde_json::to_string(&claims).unwrap();
        let read: AccessClaims = serde_json::from_str(&printed).unwrap();
        prop_assert_eq!(&read, &claims);
        prop_assert_eq!(serde_json::to_string(&read).unwrap(), printed);
    }

    #[test]
    fn any_claims_signed_are_any_claims_verified(claims in claims()) {
        let keys = TestKeys::load().unwrap();
        let unsigned = encode_unsigned(&header_segment(Algorithm::EdDsa, "eddsa-a"), &claims);
        let token = keys.key("eddsa-a").unwrap().token(&unsigned).unwrap();
        prop_assert_eq!(verifier().verify(&token, NOW), Ok(claims));
    }
}
