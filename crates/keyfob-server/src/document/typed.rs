//! Makes typed values of a [`Node`], noting the way to whatever does not fit.

use std::collections::btree_map;
use std::vec;

use serde::de::value::StringDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    Visitor,
};
use serde::forward_to_deserialize_any;

use super::{Fault, Node};

impl<'de> Deserializer<'de> for Node {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Self::Nothing => visitor.visit_unit(),
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Integer(value) => visitor.visit_i64(value),
            Self::Natural(value) => visitor.visit_u64(value),
            // JSON Schema counts 60.0 as a whole number, and some languages write it so.
            Self::Real(value) => match whole(value) {
                Some(value) => visitor.visit_i64(value),
                None => visitor.visit_f64(value),
            },
            Self::Text(value) => visitor.visit_string(value),
            Self::List(items) => visitor.visit_seq(Items {
                rest: items.into_iter().enumerate(),
            }),
            Self::Members(members) => visitor.visit_map(Members {
                rest: members.into_iter(),
                current: None,
            }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Self::Nothing => visitor.visit_none(),
            present @ (Self::Bool(_)
            | Self::Integer(_)
            | Self::Natural(_)
            | Self::Real(_)
            | Self::Text(_)
            | Self::List(_)
            | Self::Members(_)) => visitor.visit_some(present),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    /// Reads a struct from named members only: serde would also take a list, by position.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self {
            members @ Self::Members(_) => members.deserialize_any(visitor),
            Self::Nothing
            | Self::Bool(_)
            | Self::Integer(_)
            | Self::Natural(_)
            | Self::Real(_)
            | Self::Text(_)
            | Self::List(_) => Err(Fault::invalid_type(
                Unexpected::Other("no members"),
                &"a map",
            )),
        }
    }

    /// Reads an enum of bare words, the only kind there is on our wire.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let Self::Text(word) = self else {
            return Err(Fault::invalid_type(Unexpected::Other("no word"), &visitor));
        };
        visitor.visit_enum(IntoDeserializer::<Fault>::into_deserializer(word))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

/// The whole number that a number is, as far as it can be told.
fn whole(value: f64) -> Option<i64> {
    const EXACT_BELOW: f64 = 9_007_199_254_740_992.0;
    let is_whole = value.fract() == 0.0 && value.abs() < EXACT_BELOW;
    is_whole
        .then(|| format!("{value:.0}").parse().ok())
        .flatten()
}

struct Items {
    rest: std::iter::Enumerate<vec::IntoIter<Node>>,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        let Some((index, item)) = self.rest.next() else {
            return Ok(None);
        };
        let value = seed.deserialize(item);
        value.map(Some).map_err(|fault| fault.in_item(index))
    }
}

struct Members {
    rest: btree_map::IntoIter<String, Node>,
    /// The member whose name was read and whose value comes next.
    current: Option<(String, Node)>,
}

impl<'de> MapAccess<'de> for Members {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let Some((name, value)) = self.rest.next() else {
            return Ok(None);
        };
        self.current = Some((name.clone(), value));
        let reader: StringDeserializer<Fault> = name.into_deserializer();
        seed.deserialize(reader).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let Some((name, value)) = self.current.take() else {
            return Err(Fault::custom("a value without a name"));
        };
        seed.deserialize(value)
            .map_err(|fault| fault.in_member(&name))
    }
}
