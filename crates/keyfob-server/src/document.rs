//! A document as a tree, and typed values out of it: one reader for JSON bodies and for configuration.
//!
//! The rule it keeps: an error names the place and what is expected there, never the value that was
//! found, because the value may be a secret. Names that stand twice are refused, which `serde_json` by
//! itself would let pass, and so is nesting deeper than [`DEPTH_MAX`].

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess};

mod fault;
mod typed;

pub use self::fault::{Fault, FaultKind};

/// How deep lists and objects may nest.
pub const DEPTH_MAX: usize = 16;

/// A value as it was written. `Debug` shows only its kind.
#[derive(Clone, PartialEq)]
pub enum Node {
    /// JSON's `null`.
    Nothing,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number that fits 64 bits with a sign.
    Integer(i64),
    /// A whole number above those.
    Natural(u64),
    /// Any other number.
    Real(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// An object, a table.
    Members(BTreeMap<String, Node>),
}

/// A text that is no document at all. The message holds no more of it than a character.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(String);

impl Node {
    /// Reads JSON (RFC 8259).
    ///
    /// # Errors
    /// [`Unreadable`] for what is no JSON, repeats a name, or is nested too deep.
    pub fn from_json(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let node = Reader::of(u64::MAX).deserialize(&mut reader);
        let read = node.and_then(|node| reader.end().map(|()| node));
        read.map_err(|cause| Unreadable(cause.to_string()))
    }

    /// Reads TOML.
    ///
    /// # Errors
    /// [`Unreadable`] with the number of the line.
    pub fn from_toml(text: &str) -> Result<Self, Unreadable> {
        // Whole numbers have a sign there (TOML 1.0, "Integer").
        let seed = Reader::of(i64::MAX.unsigned_abs());
        let read = toml::Deserializer::parse(text).and_then(|reader| seed.deserialize(reader));
        read.map_err(|cause| {
            // Not its `Display`: that prints the line, and a password may stand in it.
            let before = cause.span().and_then(|span| text.get(..span.start));
            let line = before.map_or(1, |before| before.matches('\n').count() + 1);
            let message = cause.message().replace('\n', "; ");
            Unreadable(format!("line {line}: {message}"))
        })
    }

    /// Makes a typed value of it.
    ///
    /// # Errors
    /// [`Fault`] names the first member that does not fit.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, Fault> {
        T::deserialize(self)
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Bool(_) => "Bool(…)",
            Self::Integer(_) | Self::Natural(_) | Self::Real(_) => "Number(…)",
            Self::Text(_) => "Text(…)",
            Self::List(_) => "List(…)",
            Self::Members(_) => "Members(…)",
        })
    }
}

/// Makes nodes of what a parser finds.
#[derive(Clone, Copy)]
struct Reader {
    /// How many levels may still follow.
    levels: usize,
    /// The largest whole number.
    largest: u64,
}

impl Reader {
    fn of(largest: u64) -> Self {
        Self {
            levels: DEPTH_MAX,
            largest,
        }
    }

    fn below<E: serde::de::Error>(self) -> Result<Self, E> {
        let levels = self.levels.checked_sub(1);
        let levels = levels
            .ok_or_else(|| E::custom(format_args!("nested deeper than {DEPTH_MAX} levels")))?;
        Ok(Self { levels, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Reader {
    type Value = Node;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Node, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> serde::de::Visitor<'de> for Reader {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Integer(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Node, E> {
        if value > self.largest {
            return Err(E::custom("a whole number that is too large"));
        }
        Ok(i64::try_from(value).map_or(Node::Natural(value), Node::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Real(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let below = self.below()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(below)? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let below = self.below()?;
        let mut map = BTreeMap::new();
        while let Some(name) = members.next_key::<String>()? {
            if map.contains_key(&name) {
                return Err(A::Error::custom("a name stands twice in one object"));
            }
            let value = members.next_value_seed(below)?;
            map.insert(name, value);
        }
        Ok(Node::Members(map))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Order {
        full_name: String,
        count: Option<u32>,
        #[serde(default)]
        lines: Vec<Line>,
        kind: Option<Kind>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        item: String,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Small,
    }

    fn read(json: &str) -> Result<Order, String> {
        let node = Node::from_json(json.as_bytes()).map_err(|cause| cause.to_string())?;
        node.read().map_err(|fault: Fault| fault.to_string())
    }

    #[test]
    fn a_document_becomes_a_typed_value() {
        let order = read(r#"{"fullName":"A","count":3,"lines":[{"item":"x"}],"kind":"small"}"#);
        let expected = Order {
            full_name: "A".to_owned(),
            count: Some(3),
            lines: vec![Line {
                item: "x".to_owned(),
            }],
            kind: Some(Kind::Small),
        };
        assert_eq!(order, Ok(expected));
        assert_eq!(
            read(r#"{"fullName":"A","count":null}"#).map(|it| it.count),
            Ok(None)
        );
    }

    #[test]
    fn a_number_is_whole_however_it_is_written() {
        let count = |text: &str| {
            read(&format!(r#"{{"fullName":"A","count":{text}}}"#)).map(|order| order.count)
        };
        for whole in ["60", "60.0", "6e1", "0.6e2"] {
            assert_eq!(count(whole), Ok(Some(60)), "{whole}");
        }
        assert_eq!(count("0.0"), Ok(Some(0)));
        assert_eq!(count("-0.0"), Ok(Some(0)));
        for broken in ["60.5", "1e400", "9007199254740993.0", "-60.0", "6e-1"] {
            assert!(count(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn a_fault_names_the_place_and_never_the_value() {
        let fault = |json: &str| read(json).expect_err("refused");
        assert_eq!(fault(r#"{"fullName":12345}"#), "`fullName` must be a text");
        assert_eq!(
            fault(r#"{"fullName":"A","lines":[{"item":"x"},{"item":["s3cret"]}]}"#),
            "`lines[1].item` must be a text"
        );
        assert_eq!(
            fault(r#"{"fullName":"A","count":-1}"#),
            "`count` must be a whole number that is not negative"
        );
        assert_eq!(fault(r#"{"count":1}"#), "`fullName` is missing");
        assert_eq!(
            fault(r#"{"fullName":"A","lines":[{"item":"x","price":7}]}"#),
            "`lines[0].price` is not known; known here: item"
        );
        assert_eq!(
            fault(r#"{"fullName":"A","kind":"s3cret"}"#),
            "`kind` must be one of: small"
        );
        assert_eq!(
            fault(r#"{"fullName":"A","lines":{}}"#),
            "`lines` must be a list"
        );
        assert_eq!(
            fault(r#"["A"]"#),
            "the document must be an object with named members"
        );
    }

    #[test]
    fn a_name_of_odd_letters_is_not_repeated() {
        let fault = read("{\"fullName\":\"A\",\"a\\u0000<b>\":1}").expect_err("refused");
        assert_eq!(
            fault,
            "a member is not known; known here: fullName, count, lines, kind"
        );
    }

    #[test]
    fn a_name_that_stands_twice_is_refused_at_any_depth() {
        for json in [
            r#"{"fullName":"A","fullName":"B"}"#,
            r#"{"fullName":"A","lines":[{"item":"x","item":"y"}]}"#,
        ] {
            let text = read(json).expect_err("refused");
            assert!(
                text.starts_with("a name stands twice in one object"),
                "{text}"
            );
        }
    }

    #[test]
    fn nesting_ends_at_the_limit() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(Node::from_json(nested(DEPTH_MAX).as_bytes()).is_ok());
        assert!(Node::from_json(nested(DEPTH_MAX + 1).as_bytes()).is_err());
        assert!(Node::from_json(nested(100_000).as_bytes()).is_err());
    }

    #[test]
    fn text_behind_the_document_is_refused() {
        assert!(Node::from_json(b"{} x").is_err());
        assert!(Node::from_json(b"").is_err());
    }

    #[test]
    fn a_whole_number_of_toml_fits_64_bits_with_a_sign() {
        let most = i64::MAX;
        assert!(Node::from_toml(&format!("a = {most}")).is_ok());
        let beyond = Node::from_toml("b = 1\na = 9223372036854775808");
        let cause = beyond.expect_err("refused").to_string();
        assert_eq!(cause, "line 2: a whole number that is too large");
        assert!(Node::from_json(b"9223372036854775808").is_ok());
    }

    #[test]
    fn broken_toml_is_named_by_its_line_without_its_text() {
        let text = "[database]\npassword = \"hunter2\n";
        let cause = Node::from_toml(text).expect_err("refused").to_string();
        assert!(cause.starts_with("line 2: "), "{cause}");
        assert!(!cause.contains("hunter2"), "{cause}");
    }
}
