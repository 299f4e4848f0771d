//! What the address of a page asks for, behind its question mark.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use keyfob_core::id::OrgId;

/// Longest text that is taken from an address.
const TEXT_MAX: usize = 200;

/// The fields of a query. What cannot be read is as if it were not there: nothing depends on it but what
/// a page shows.
#[derive(Debug)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// The first value of a field, trimmed; none when it is empty or not there.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let mut fields = self.0.iter();
        let (_name, value) = fields.find(|(each, _value)| each == name)?;
        let value = value.trim();
        (!value.is_empty() && value.len() <= TEXT_MAX).then_some(value)
    }

    /// Every value of a field.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let fields = self.0.iter().filter(move |(each, _value)| each == name);
        fields.map(|(_name, value)| value.as_str())
    }

    /// The organization that somebody comes from, on pages that are about none.
    pub(crate) fn from(&self) -> Option<OrgId> {
        self.text("in")?.parse().ok()
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        let fields = form_urlencoded::parse(query.as_bytes());
        Ok(Self(fields.into_owned().collect()))
    }
}

/// An address with fields, of which those without a value are left out.
pub(crate) fn address(path: &str, fields: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields.iter().filter(|(_name, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    let query = query.finish();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(target: &str) -> Query {
        let request = http::Request::builder().uri(target).body(());
        let (mut parts, ()) = request.expect("a request").into_parts();
        match Query::from_request_parts(&mut parts, &()).await {
            Ok(query) => query,
            Err(never) => match never {},
        }
    }

    #[tokio::test]
    async fn a_field_is_trimmed_and_an_empty_or_endless_one_is_not_there() {
        let long = "x".repeat(TEXT_MAX + 1);
        let query = read(&format!("/a?q=+a%26b+&empty=&q=c&long={long}&bad=%ff")).await;
        assert_eq!(query.text("q"), Some("a&b"));
        assert_eq!(query.text("empty"), None);
        assert_eq!(query.text("long"), None);
        assert_eq!(query.text("none"), None);
        assert_eq!(query.text("bad"), Some("\u{fffd}"));
        assert_eq!(read("/a").await.text("q"), None);
    }

    #[test]
    fn an_address_keeps_what_was_asked_for() {
        let fields = [("who", "a&b ü"), ("what", ""), ("before", "7")];
        assert_eq!(address("/x", &fields), "/x?who=a%26b+%C3%BC&before=7");
        assert_eq!(address("/x", &[("what", "")]), "/x");
    }
}
