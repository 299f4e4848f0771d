//! The document in the order in which a person reads it.

use serde_json::{Map, Value};

use crate::web::say;

/// The operations of one tag.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) anchor: String,
    pub(super) about: String,
    pub(super) operations: Vec<Operation>,
}

/// One operation.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) summary: String,
    pub(super) about: Marked,
    pub(super) callers: &'static str,
    pub(super) parameters: Vec<Field>,
    pub(super) body: Option<Content>,
    pub(super) answers: Vec<Answer>,
}

/// A parameter, or a member of an object.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) is_required: bool,
    pub(super) about: Marked,
}

/// What a value is, in words; and the type that it names, if it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) text: String,
    pub(super) link: Option<String>,
}

/// A body.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) media_type: String,
    pub(super) kind: Kind,
}

/// What may come back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: String,
    pub(super) body: Option<Content>,
    pub(super) lines: Vec<Marked>,
}

/// A named type.
#[derive(Debug)]
pub(super) struct Type {
    pub(super) name: String,
    pub(super) about: Marked,
    pub(super) fields: Vec<Field>,
    pub(super) example: Option<String>,
}

/// A sentence in which backticks mark what is written as in a program.
#[derive(Debug)]
pub(super) struct Marked(String);

/// A part of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece<'t> {
    pub(super) text: &'t str,
    pub(super) is_code: bool,
}

impl Marked {
    pub(super) fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let pieces = self.0.split('`').enumerate();
        pieces.map(|(number, text)| Piece {
            text,
            is_code: number % 2 == 1,
        })
    }
}

/// The operations by their tags, in the document's order.
pub(super) fn groups(document: &Value) -> Vec<Group> {
    let tags = list(document, "tags").iter();
    tags.map(|tag| {
        let name = text(tag, "name");
        Group {
            anchor: name.to_lowercase().replace(' ', "-"),
            about: text(tag, "description"),
            operations: operations(document, &name),
            name,
        }
    })
    .collect()
}

fn operations(document: &Value, tag: &str) -> Vec<Operation> {
    let items = members(document, "paths");
    let all = items.flat_map(|(path, item)| {
        let operations = item.as_object().into_iter().flatten();
        operations.map(move |(method, operation)| (path, method, operation))
    });
    all.filter(|(_path, _method, operation)| {
        list(operation, "tags").iter().any(|named| named == tag)
    })
    .map(|(path, method, operation)| Operation::of(document, (path, method), operation))
    .collect()
}

impl Operation {
    fn of(document: &Value, (path, method): (&str, &str), operation: &Value) -> Self {
        let parameters = list(operation, "parameters").iter();
        let body = operation.get("requestBody");
        let answers = members(operation, "responses");
        Self {
            id: text(operation, "operationId"),
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: text(operation, "summary"),
            about: Marked(text(operation, "description")),
            callers: callers(operation),
            parameters: parameters.map(Field::of_parameter).collect(),
            body: body.and_then(Content::of),
            answers: answers
                .map(|(status, answer)| Answer::of(status, resolved(document, answer)))
                .collect(),
        }
    }
}

fn callers(operation: &Value) -> &'static str {
    let names = |name| {
        let mut schemes = list(operation, "security").iter();
        schemes.any(|scheme| scheme.get(name).is_some())
    };
    match (names("session"), names("accessToken")) {
        (true, true) => say::API_BY_BOTH,
        (true, false) => say::API_BY_SESSION,
        (false, true) => say::API_BY_TOKEN,
        (false, false) => say::API_BY_ANYBODY,
    }
}

impl Field {
    fn of_parameter(parameter: &Value) -> Self {
        let schema = parameter.get("schema").unwrap_or(&Value::Null);
        let place = say::api_place(&text(parameter, "in"));
        let mut kind = Kind::of(schema);
        kind.text = format!("{place}, {}", kind.text);
        Self {
            name: text(parameter, "name"),
            kind,
            is_required: parameter.get("required") == Some(&Value::Bool(true)),
            about: Marked(text(parameter, "description")),
        }
    }

    /// The members of an object, those of its parts included.
    fn all_of(schema: &Value) -> Vec<Self> {
        let required = list(schema, "required");
        let own = members(schema, "properties").map(|(name, member)| Self {
            name: name.to_owned(),
            kind: Kind::of(member),
            is_required: required.iter().any(|named| named == name),
            about: Marked(text(member, "description")),
        });
        let parts = list(schema, "allOf").iter().flat_map(Self::all_of);
        own.chain(parts).collect()
    }
}

impl Kind {
    fn of(schema: &Value) -> Self {
        if let Some(name) = named(schema) {
            return Self::plain(name).leading_to(name);
        }
        let forms = ["oneOf", "anyOf", "allOf"].iter();
        let forms: Vec<Self> = forms
            .flat_map(|word| list(schema, word))
            .map(Self::of)
            .collect();
        if !forms.is_empty() {
            let link = forms.iter().find_map(|form| form.link.clone());
            let texts: Vec<String> = forms.into_iter().map(|form| form.text).collect();
            return Self {
                text: texts.join(say::API_OR),
                link,
            };
        }
        if let Some(items) = schema.get("items") {
            let item = Self::of(items);
            return Self {
                text: say::api_list_of(&item.text),
                link: item.link,
            };
        }
        let values = list(schema, "enum").iter().chain(schema.get("const"));
        let values: Vec<&str> = values.filter_map(Value::as_str).collect();
        if !values.is_empty() {
            return Self::plain(&values.join(say::API_OR));
        }
        let format = schema.get("format").and_then(Value::as_str);
        let word = schema.get("type").and_then(Value::as_str);
        Self::plain(format.or(word).unwrap_or(say::API_ANYTHING))
    }

    fn plain(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            link: None,
        }
    }

    fn leading_to(self, name: &str) -> Self {
        Self {
            link: Some(name.to_owned()),
            ..self
        }
    }
}

impl Content {
    fn of(told: &Value) -> Option<Self> {
        let (media_type, content) = members(told, "content").next()?;
        Some(Self {
            media_type: media_type.to_owned(),
            kind: Kind::of(content.get("schema").unwrap_or(&Value::Null)),
        })
    }
}

impl Answer {
    fn of(status: &str, answer: &Value) -> Self {
        let described = text(answer, "description");
        let lines = described.lines().filter(|line| !line.is_empty());
        Self {
            status: status.to_owned(),
            body: Content::of(answer),
            lines: lines.map(|line| Marked(line.to_owned())).collect(),
        }
    }
}

/// The named types, by name.
pub(super) fn types(document: &Value) -> Vec<Type> {
    let schemas = document
        .get("components")
        .map(|all| members(all, "schemas"));
    let types = schemas.into_iter().flatten().map(|(name, schema)| {
        let example = schema.get("example");
        Type {
            name: name.to_owned(),
            about: Marked(text(schema, "description")),
            fields: Field::all_of(schema),
            example: example.map(|example| format!("{example:#}")),
        }
    });
    types.collect()
}

/// The name of the component that is meant.
fn named(value: &Value) -> Option<&str> {
    let reference = value.get("$ref").and_then(Value::as_str)?;
    reference.rsplit('/').next()
}

/// An answer that is told elsewhere in the document.
fn resolved<'d>(document: &'d Value, answer: &'d Value) -> &'d Value {
    let kept =
        named(answer).and_then(|name| document.get("components")?.get("responses")?.get(name));
    kept.unwrap_or(answer)
}

fn text(value: &Value, name: &str) -> String {
    let text = value.get(name).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    let list = value.get(name).and_then(Value::as_array);
    list.map(Vec::as_slice).unwrap_or_default()
}

fn members<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = (&'v str, &'v Value)> {
    let members = value.get(name).and_then(Value::as_object);
    members
        .into_iter()
        .flat_map(Map::iter)
        .map(|(name, value)| (name.as_str(), value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http::openapi;

    #[test]
    fn every_operation_and_every_type_of_the_document_is_on_the_page() {
        let document = openapi::value();
        let shown: usize = groups(document)
            .iter()
            .map(|group| group.operations.len())
            .sum();
        let paths = members(document, "paths");
        let described: usize = paths
            .map(|(_path, item)| item.as_object().map_or(0, Map::len))
            .sum();
        assert_eq!(shown, described);
        let types: Vec<String> = types(document).into_iter().map(|kind| kind.name).collect();
        let mut links = groups(document)
            .into_iter()
            .flat_map(|group| group.operations);
        let dangling = links.find_map(|operation| {
            let bodies = operation
                .answers
                .into_iter()
                .filter_map(|answer| answer.body);
            let mut links = bodies
                .chain(operation.body)
                .filter_map(|body| body.kind.link);
            links.find(|link| !types.contains(link))
        });
        assert_eq!(dangling, None);
    }

    #[test]
    fn a_kind_is_told_in_words() {
        for (schema, words, link) in [
            (json!({ "type": "string" }), "string", None),
            (json!({ "type": "string", "format": "uuid" }), "uuid", None),
            (
                json!({ "enum": ["a", "b"], "type": "string" }),
                "a or b",
                None,
            ),
            (
                json!({ "items": { "$ref": "#/components/schemas/Role" } }),
                "list of Role",
                Some("Role"),
            ),
            (
                json!({ "anyOf": [{ "format": "uuid" }, { "const": "current" }] }),
                "uuid or current",
                None,
            ),
            (json!({}), "anything", None),
        ] {
            let kind = Kind::of(&schema);
            assert_eq!(
                (kind.text.as_str(), kind.link.as_deref()),
                (words, link),
                "{schema}"
            );
        }
    }

    #[test]
    fn backticks_mark_code() {
        let marked = Marked("Send `a` or `b`.".to_owned());
        let code: Vec<&str> = marked
            .pieces()
            .filter(|piece| piece.is_code)
            .map(|piece| piece.text)
            .collect();
        assert_eq!(code, ["a", "b"]);
    }
}
