//! Being one of the made-up people of the demo, with one press: only there, and only on this machine.

use keyfob_core::name::Email;
use keyfob_store::user::user_find_by_email;

use crate::app::Outage;
use crate::app::sign_in::{CookieValue, SignInError, SignedIn, begin, sign_out};
use crate::context::Ctx;
use crate::state::App;

/// Why somebody of the demo is worth being.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Owns the whole tree.
    Owner,
    /// Manages a part of it.
    Manager,
    /// Is a member of one organization.
    Member,
    /// Is in organizations only through one above them.
    Inherited,
}

/// Somebody of the demo.
#[derive(Debug, Clone)]
pub struct Person {
    /// With what they sign in.
    pub email: Email,
    /// The name.
    pub full_name: String,
    /// How they stand to which organization, such as `owner of Acme`.
    pub standing: String,
    /// Why one wants to be them.
    pub part: Part,
}

/// The people of the demo.
#[derive(Debug, Clone, Default)]
pub struct Demo(pub Vec<Person>);

/// Whom one can be, for somebody who asks from this machine; nobody, where this is no demo.
pub fn people<'a>(app: &'a App, ctx: &Ctx) -> &'a [Person] {
    // Behind a proxy the client is elsewhere; in process there is no address.
    let is_here = ctx.peer.is_none_or(|address| address.is_loopback());
    match &app.demo {
        Some(Demo(people)) if is_here => people,
        _elsewhere => &[],
    }
}

/// Signs in as one of them, and out as whoever one was. None when there is nobody with that address.
pub async fn act_as(
    app: &App,
    ctx: &Ctx,
    email: &str,
    current: Option<&SignedIn>,
) -> Result<Option<CookieValue>, Outage> {
    let mut people = people(app, ctx).iter();
    let Some(person) = people.find(|person| person.email.as_str() == email) else {
        return Ok(None);
    };
    let mut tx = app.store.read_single().await?;
    let Some(user) = user_find_by_email(&mut tx, &person.email).await? else {
        return Ok(None);
    };
    drop(tx);
    match begin(app, ctx, user, None).await {
        Ok((_who, cookie)) => {
            if let Some(current) = current {
                sign_out(app, ctx, current).await?;
            }
            Ok(Some(cookie))
        }
        Err(SignInError::Outage(outage)) => Err(outage),
        // Suspended meanwhile, by an operator.
        Err(SignInError::Credentials | SignInError::Limited(_)) => Ok(None),
    }
}
