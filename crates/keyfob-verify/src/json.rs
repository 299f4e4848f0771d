//! JSON as a token may hold it: one object, every member named once at every level, every value of
//! its exact type.
//!
//! serde alone is more lenient than a signed document may be: of two members with one name it takes
//! what the reader happens to take, a struct may come as an array, an absent value as `null`. Each
//! of these lets two readers of one signature see two things (RFC 8725 §2.4, RFC 8259 §4).

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use uuid::Uuid;

/// The text of a JSON object in which no object has a member twice.
#[derive(Clone, Copy)]
pub(crate) struct Strict<'a>(&'a str);

impl<'a> Strict<'a> {
    /// Checks a text. `None` when it is not such an object; why is not said, because nobody is told.
    pub(crate) fn new(text: &'a [u8]) -> Option<Self> {
        // First, because serde_json does not look into the strings it skips.
        let text = std::str::from_utf8(text).ok()?;
        // A reading of its own: one that built a tree would change the meaning of numbers with the
        // features that another crate switches on in serde_json.
        serde_json::from_str::<NamedOnce>(text).ok()?;
        Some(Self(text))
    }

    /// Reads the object. `None` when it is none, or a member is missing or has the wrong type.
    pub(crate) fn read<T: DeserializeOwned>(self) -> Option<T> {
        // The whole text is one value: `new` has seen its end.
        object(&mut serde_json::Deserializer::from_str(self.0)).ok()
    }
}

/// Reads a `T` from an object only, never from an array.
pub(crate) fn object<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_map(ObjectVisitor(PhantomData))
}

/// Reads an optional member that is there: a `T`, and not `null`.
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Reads a whole number from 0: a time in seconds (`NumericDate` of RFC 7519 §2, without
/// fractions), or a counter.
pub(crate) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let number = i64::deserialize(deserializer)?;
    if number < 0 {
        return Err(D::Error::custom("a negative number"));
    }
    Ok(number)
}

/// Reads an optional member that is there: a whole number from 0.
pub(crate) fn present_whole<'de, D>(deserializer: D) -> Result<Option<i64>, D::Error>
where
    D: Deserializer<'de>,
{
    whole(deserializer).map(Some)
}

/// Reads an id in its one text form, hyphenated and in lower case.
pub(crate) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Uuid, D::Error> {
    let text = String::deserialize(deserializer)?;
    let id = Uuid::try_parse(&text).map_err(D::Error::custom)?;
    if id.hyphenated().to_string() != text {
        return Err(D::Error::custom(
            "an id in another form than the hyphenated one",
        ));
    }
    Ok(id)
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

/// Any JSON in which no object has a member twice. Names are compared as read, so `"a"` and
/// `"\u0061"` are one.
struct NamedOnce;

impl<'de> Deserialize<'de> for NamedOnce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Depth is limited by serde_json, to 128.
        deserializer.deserialize_any(NamedOnceVisitor)
    }
}

struct NamedOnceVisitor;

impl<'de> Visitor<'de> for NamedOnceVisitor {
    type Value = NamedOnce;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON without repeated member names")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<NamedOnce, E> {
        Ok(NamedOnce)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<NamedOnce, E> {
        Ok(NamedOnce)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<NamedOnce, E> {
        Ok(NamedOnce)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<NamedOnce, E> {
        Ok(NamedOnce)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<NamedOnce, E> {
        Ok(NamedOnce)
    }

    fn visit_unit<E: Error>(self) -> Result<NamedOnce, E> {
        Ok(NamedOnce)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<NamedOnce, A::Error> {
        while elements.next_element::<NamedOnce>()?.is_some() {}
        Ok(NamedOnce)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<NamedOnce, A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(name) = members.next_key::<String>()? {
            members.next_value::<NamedOnce>()?;
            if !seen.insert(name) {
                return Err(A::Error::custom("a member is named twice"));
            }
        }
        Ok(NamedOnce)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::*;

    fn is_read(text: &[u8]) -> bool {
        let read = Strict::new(text).and_then(Strict::read::<Map<String, Value>>);
        read.is_some()
    }

    #[test]
    fn an_object_is_read() {
        assert!(is_read(
            br#" {"a":[1,{"b":null}],"c":{"b":-0.5e3,"d":"\u0000"}} "#
        ));
    }

    #[test]
    fn a_member_named_twice_is_refused_at_every_level() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":1}"#,
            r#"{"x":{"a":1,"a":2}}"#,
            r#"{"x":[[{"a":1,"b":2,"a":3}]]}"#,
        ] {
            assert!(!is_read(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_is_no_single_object_is_refused() {
        for text in [
            "",
            "[]",
            "1",
            "null",
            "\"a\"",
            "{}{}",
            "{} x",
            "{\"a\":1,}",
            "\u{feff}{}",
        ] {
            assert!(!is_read(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_number_that_no_reader_agrees_on_is_refused() {
        assert!(!is_read(br#"{"a":1e400}"#));
        assert!(!is_read(br#"{"a":01}"#));
        assert!(!is_read(br#"{"a":NaN}"#));
    }

    #[test]
    fn broken_text_is_refused_wherever_it_stands() {
        assert!(!is_read(b"{\"a\":\"\xff\"}"));
        assert!(!is_read(b"{\"\xc3\":1}"));
        assert!(!is_read(br#"{"a":"\ud800"}"#));
    }

    #[test]
    fn depth_is_bounded() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(30_000), "]".repeat(30_000));
        assert!(!is_read(deep.as_bytes()));
    }
}
