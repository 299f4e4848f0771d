//! What is mailed to people, in text and as a page: the same words in both.

use askama::Template;
use keyfob_core::name::Email;

use super::say;
use crate::app::invite::{self, Delivery, Made};
use crate::app::link::Link;
use crate::app::reset_password::LINK_LIFE;
use crate::context::Ctx;
use crate::http::problem::Problem;
use crate::mail::Letter;
use crate::secret::SecretText;
use crate::state::App;

/// One letter: a greeting of one line, what it is about, a link, and what becomes of it.
#[derive(Debug)]
struct Words {
    to: String,
    subject: String,
    lead: String,
    press: &'static str,
    link: SecretText,
    end: String,
    product: String,
}

#[derive(Template)]
#[template(path = "mail/letter.txt")]
struct TextLetter<'w> {
    words: &'w Words,
}

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct HtmlLetter<'w> {
    words: &'w Words,
}

impl Words {
    fn letter(self) -> Result<Letter, askama::Error> {
        let text = TextLetter { words: &self }.render()?;
        let html = HtmlLetter { words: &self }.render()?;
        Ok(Letter {
            to: self.to,
            subject: self.subject,
            text: SecretText::new(text),
            html: SecretText::new(html),
        })
    }
}

/// Mails an invitation, where mail is set up.
pub(crate) async fn deliver(app: &App, ctx: &Ctx, made: &Made) -> Result<Delivery, Problem> {
    let invitation = &made.invitation;
    let product = app.brand.name.clone();
    let names = invitation.promises.iter().map(|it| it.name.as_str());
    let names = say::listed(&names.collect::<Vec<_>>());
    let words = Words {
        to: invitation.email.clone(),
        subject: say::invited_to(&names, &product),
        lead: say::invited_lead(&invitation.inviter, &names),
        press: say::SEE_INVITATION,
        link: SecretText::new(made.link.url(&app.issuer)),
        end: say::invited_end(&invitation.email),
        product,
    };
    let letter = words.letter().map_err(Problem::internal)?;
    Ok(invite::deliver(app, ctx, made, letter).await?)
}

/// The letter with a link for another password.
pub(crate) fn for_reset(app: &App, link: &Link, email: &Email) -> Result<Letter, anyhow::Error> {
    let product = app.brand.name.clone();
    let words = Words {
        to: email.as_str().to_owned(),
        subject: say::reset_subject(&product),
        lead: say::reset_lead(&product),
        press: say::CHOOSE_PASSWORD,
        link: SecretText::new(link.url(&app.issuer)),
        end: say::reset_end(LINK_LIFE.as_secs() / 60),
        product,
    };
    Ok(words.letter()?)
}
