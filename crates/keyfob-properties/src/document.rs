//! Documents: JSON (RFC 8259) and TOML as trees.

use keyfob_server::document::{DEPTH_MAX, Node};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::secret::{is_told, planted};

/// A tree is what another reader finds, unless a name repeats or it is too deep; nothing of a text that
/// is no document is told.
pub fn holds(data: &[u8]) {
    let Some(text) = planted(data) else { return };
    json(&text);
    toml(&text);
}

fn json(text: &str) {
    let read = Node::from_json(text.as_bytes());
    let theirs: Option<Value> = serde_json::from_str(text).ok();
    let is_good = theirs.as_ref().is_some_and(|theirs| {
        let Members(written) = serde_json::from_str(text).expect("what was read once");
        depth(theirs) <= DEPTH_MAX && written == members(theirs)
    });
    assert_eq!(read.is_ok(), is_good);
    match (read, theirs) {
        (Ok(node), Some(theirs)) => {
            assert!(is_same(&node, &theirs));
            assert!(!is_told(&format!("{node:?}")));
        }
        (Ok(_), None) => unreachable!("only we read it"),
        (Err(cause), _) => is_one_sentence(&format!("{cause} {cause:?}")),
    }
}

fn toml(text: &str) {
    let read = Node::from_toml(text);
    let theirs: Result<toml::Table, _> = toml::from_str(text);
    match read {
        Ok(node) => {
            assert!(theirs.is_ok());
            assert!(!is_told(&format!("{node:?}")));
        }
        Err(cause) => {
            let is_shallow = |theirs: toml::Table| {
                toml_depth(&toml::Value::Table(theirs)) < DEPTH_MAX
            };
            assert!(!theirs.is_ok_and(is_shallow), "{cause}");
            is_one_sentence(&format!("{cause} {cause:?}"));
        }
    }
}

fn is_one_sentence(told: &str) {
    assert!(!is_told(told), "{told}");
    assert!(!told.contains('\n'), "{told}");
}

fn is_same(node: &Node, theirs: &Value) -> bool {
    match (node, theirs) {
        (Node::Nothing, Value::Null) => true,
        (Node::Bool(ours), Value::Bool(theirs)) => ours == theirs,
        (Node::Integer(ours), Value::Number(theirs)) => theirs.as_i64() == Some(*ours),
        (Node::Natural(ours), Value::Number(theirs)) => {
            theirs.as_u64() == Some(*ours) && theirs.as_i64().is_none()
        }
        (Node::Real(ours), Value::Number(theirs)) => {
            theirs.is_f64() && theirs.as_f64().map(f64::to_bits) == Some(ours.to_bits())
        }
        (Node::Text(ours), Value::String(theirs)) => ours == theirs,
        (Node::List(ours), Value::Array(theirs)) => {
            let same = |(ours, theirs)| is_same(ours, theirs);
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(same)
        }
        (Node::Members(ours), Value::Object(theirs)) => {
            let same = |(name, ours)| theirs.get(name).is_some_and(|it| is_same(ours, it));
            ours.len() == theirs.len() && ours.iter().all(same)
        }
        _other_kinds => false,
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

fn toml_depth(value: &toml::Value) -> usize {
    match value {
        toml::Value::Array(items) => 1 + items.iter().map(toml_depth).max().unwrap_or(0),
        toml::Value::Table(members) => 1 + members.values().map(toml_depth).max().unwrap_or(0),
        // In our tree an object with one member.
        toml::Value::Datetime(_) => 1,
        toml::Value::String(_)
        | toml::Value::Integer(_)
        | toml::Value::Float(_)
        | toml::Value::Boolean(_) => 0,
    }
}

/// How many members all objects have together, when of each name the last one counts.
fn members(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(members).sum(),
        Value::Object(inside) => inside.len() + inside.values().map(members).sum::<usize>(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// How many members all objects of a text have together, as written.
struct Members(usize);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(Counter)
    }
}

struct Counter;

impl<'de> Visitor<'de> for Counter {
    type Value = Members;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E>(self, _value: bool) -> Result<Members, E> {
        Ok(Members(0))
    }

    fn visit_i64<E>(self, _value: i64) -> Result<Members, E> {
        Ok(Members(0))
    }

    fn visit_u64<E>(self, _value: u64) -> Result<Members, E> {
        Ok(Members(0))
    }

    fn visit_f64<E>(self, _value: f64) -> Result<Members, E> {
        Ok(Members(0))
    }

    fn visit_str<E>(self, _value: &str) -> Result<Members, E> {
        Ok(Members(0))
    }

    fn visit_unit<E>(self) -> Result<Members, E> {
        Ok(Members(0))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Members, A::Error> {
        let mut sum = 0;
        while let Some(Members(inside)) = items.next_element()? {
            sum += inside;
        }
        Ok(Members(sum))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Members, A::Error> {
        let mut sum = 0;
        while let Some((_name, Members(inside))) = members.next_entry::<String, Members>()? {
            sum += 1 + inside;
        }
        Ok(Members(sum))
    }
}
