//! Somebody at a browser without script, in process: keeps cookies, reads pages, and sends the forms
//! that are on them.

use std::collections::BTreeMap;

use form_urlencoded::Serializer;
use keyfob_core::id::OrgId;

use crate::client::{Answer, Ask};
use crate::site::{PASSWORD, Site};

/// A browser, and who sits at it.
#[derive(Debug)]
pub(crate) struct Reader<'s> {
    site: &'s Site,
    cookies: BTreeMap<String, String>,
}

/// A form as it is on a page, filled in.
#[derive(Debug, Clone)]
pub(crate) struct PageForm {
    action: String,
    fields: Vec<(String, String)>,
}

impl PageForm {
    /// Puts a value into a field, whatever was there.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(each, _value)| each != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Where it goes to, and what it sends.
    pub(crate) fn sent(&self) -> (&str, String) {
        let mut body = Serializer::new(String::new());
        body.extend_pairs(&self.fields);
        let (path, _fragment) = self.action.split_once('#').unwrap_or((&self.action, ""));
        (path, body.finish())
    }

    /// The same form, sent elsewhere.
    pub(crate) fn to(self, path: &str) -> Self {
        let action = path.to_owned();
        Self { action, ..self }
    }

    /// Whether it has a field.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(each, _value)| each == name)
    }

    /// The value of a field.
    pub(crate) fn value(&self, name: &str) -> &str {
        let mut fields = self.fields.iter();
        let field = fields.find(|(each, _value)| each == name);
        &field.unwrap().1
    }
}

impl<'s> Reader<'s> {
    /// A browser that was never here.
    pub(crate) fn new(site: &'s Site) -> Self {
        Self {
            site,
            cookies: BTreeMap::new(),
        }
    }

    /// A browser at which somebody has signed in on the page.
    pub(crate) async fn signed_in(site: &'s Site, name: &str) -> Self {
        let mut reader = Self::new(site);
        let page = reader.get("/sign-in").await;
        let form = form(&page, "/sign-in")
            .with("email", &format!("{name}@acme.example"))
            .with("password", PASSWORD);
        let answer = reader.send(&form).await;
        assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
        reader
    }

    /// Asks for a page.
    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        let ask = self.site.get(path);
        self.answer(ask).await
    }

    /// Sends a form, as a browser does that this server sent the page to.
    pub(crate) async fn send(&mut self, form: &PageForm) -> Answer {
        let ask = self.asking(form).header("origin", &self.site.app.issuer);
        self.answer(ask.header("sec-fetch-site", "same-origin"))
            .await
    }

    /// The request of a form, with nothing that says where it came from.
    pub(crate) fn asking(&self, form: &PageForm) -> Ask {
        let (path, body) = form.sent();
        self.site.post(path).form(&body)
    }

    /// The cookies, as a header.
    pub(crate) fn cookies(&self) -> String {
        let pairs = self.cookies.iter();
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    /// Sends a request with the cookies, and keeps those that come back.
    pub(crate) async fn answer(&mut self, mut ask: Ask) -> Answer {
        if !self.cookies.is_empty() {
            ask = ask.cookie(&self.cookies());
        }
        let answer = ask.header("accept", "text/html").send().await;
        for cookie in answer.headers.get_all("set-cookie") {
            let (pair, _attributes) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    /// The Security page of an organization.
    pub(crate) async fn security(&mut self, organization: OrgId) -> Answer {
        let page = self.get(&format!("/orgs/{organization}/security")).await;
        assert_eq!(page.status, 200);
        page
    }

    /// Generates a token on the page; what comes back shows it.
    pub(crate) async fn generate(&mut self, organization: OrgId) -> Answer {
        let page = self.security(organization).await;
        self.send(&form(&page, "/security/tokens")).await
    }
}

/// The form of a page whose action has that text in it, with the values that it would send untouched.
pub(crate) fn form(page: &Answer, action: &str) -> PageForm {
    let mut forms = page.text().split("<form ").skip(1);
    let found = forms.find(|form| attribute(form, "action").is_some_and(|it| it.contains(action)));
    let (found, _rest) = found
        .unwrap_or_else(|| panic!("no form to {action}"))
        .split_once("</form>")
        .unwrap();
    let inputs = found.split("<input ").skip(1);
    let inputs = inputs.filter(|input| {
        let kind = attribute(input, "type").unwrap_or_default();
        let (tag, _rest) = input.split_once('>').unwrap();
        !["radio", "checkbox"].contains(&kind.as_str()) || tag.contains(" checked")
    });
    let pair = |input: &str| {
        let value = attribute(input, "value").unwrap_or_default();
        Some((attribute(input, "name")?, value))
    };
    PageForm {
        action: attribute(found, "action").unwrap(),
        fields: inputs.filter_map(pair).collect(),
    }
}

/// The value of an attribute in a tag that begins here.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (tag, _rest) = tag.split_once('>')?;
    let (_before, value) = tag.split_once(&format!("{name}=\""))?;
    let (value, _after) = value.split_once('"')?;
    Some(value.replace("&#38;", "&").replace("&#34;", "\""))
}

/// The secret that a page shows.
pub(crate) fn secret(page: &Answer) -> Option<&str> {
    let (_before, rest) = page.text().split_once("<code id=\"secret\">")?;
    let (secret, _after) = rest.split_once('<')?;
    Some(secret)
}
