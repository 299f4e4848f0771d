//! What goes into a statement: borrowed values, so that a call allocates nothing of its own.

use uuid::Uuid;

/// A parameter of a statement; `None` is NULL of that kind.
///
/// Has no `Debug`: parameters hold digests, addresses and sealed keys.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Int(Option<i64>),
    Text(Option<&'a str>),
    Bytes(Option<&'a [u8]>),
    Uuid(Option<Uuid>),
}

/// The parameters `$1`, `$2`, … of a statement, in that order.
macro_rules! args {
    ($($value:expr),* $(,)?) => {
        &[$($crate::db::Value::from($value)),*]
    };
}
pub(crate) use args;

macro_rules! from {
    ($($given:ty => $kind:ident, $given_value:ident => $inner:expr;)+) => {
        $(impl<'a> From<$given> for Value<'a> {
            fn from($given_value: $given) -> Value<'a> {
                Value::$kind($inner)
            }
        })+
    };
}

from! {
    i64 => Int, value => Some(value);
    Option<i64> => Int, value => value;
    &'a str => Text, value => Some(value);
    &'a String => Text, value => Some(value.as_str());
    Option<&'a str> => Text, value => value;
    &'a [u8] => Bytes, value => Some(value);
    &'a Vec<u8> => Bytes, value => Some(value.as_slice());
    Option<&'a [u8]> => Bytes, value => value;
    Uuid => Uuid, value => Some(value);
    Option<Uuid> => Uuid, value => value;
}

impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(value: &'a [u8; N]) -> Value<'a> {
        Value::Bytes(Some(value.as_slice()))
    }
}
