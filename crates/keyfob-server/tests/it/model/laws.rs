//! What no sequence of operations may do, said without the operations' own rules. The model keeps to it in each
//! step, and the program does what the model does.

use proptest::prop_assert;
use proptest::test_runner::TestCaseError;

use super::spec::{Model, OWNER, Permissions};
use super::step::{By, MemberStep, OrganizationStep, PEOPLE, Step};

/// The laws, between what was before a step and what is after it.
pub(super) fn uphold(before: &Model, step: &Step, after: &Model) -> Result<(), TestCaseError> {
    no_escalation(before, step, after)?;
    always_an_owner(before, step, after)?;
    nothing_comes_back(before, after)
}

/// Nobody gets anywhere what the one who gave it did not have there. A new organization is like the one above.
fn no_escalation(before: &Model, step: &Step, after: &Model) -> Result<(), TestCaseError> {
    for org in (0..after.orgs.len()).filter(|org| after.lives(*org)) {
        let is_new = org >= before.orgs.len();
        let like = match (is_new, after.orgs[org].parent) {
            (false, _parent) => org,
            (true, Some(parent)) => parent,
            (true, None) => {
                let founder = founder(step);
                for user in (0..PEOPLE).filter(|user| Some(*user) != founder) {
                    prop_assert!(
                        after.live(user, org).is_empty(),
                        "{step:?} gave {user} a root"
                    );
                }
                continue;
            }
        };
        for user in 0..PEOPLE {
            let (had, has) = (before.live(user, like), after.live(user, org));
            let gained: Permissions = has.difference(&had).copied().collect();
            if !gained.is_empty() {
                let given = given(before, step, like);
                prop_assert!(
                    gained.is_subset(&given),
                    "{step:?} gave {user} at {org}: {gained:?}, whoever did it has {given:?}"
                );
            }
        }
    }
    Ok(())
}

fn founder(step: &Step) -> Option<usize> {
    if let Step::Organization(By::Person(user), OrganizationStep::CreateRoot { .. }) = step {
        Some(*user)
    } else {
        None
    }
}

/// What the one who is responsible for a step could give at an organization; of a step that gives nothing to
/// anybody, nothing.
fn given(before: &Model, step: &Step, org: usize) -> Permissions {
    let by = match step {
        Step::Accept { link, .. } => {
            let inviter = before.invitations[before.links[*link]].inviter;
            return before.live(inviter, org);
        }
        Step::Organization(by, OrganizationStep::Move { .. })
        | Step::Member(by, _, _, MemberStep::SetRoles { .. } | MemberStep::Reactivate) => by,
        Step::Organization(..)
        | Step::Member(..)
        | Step::Invitation(..)
        | Step::Token(..)
        | Step::Exchange { .. }
        | Step::SignIn { .. }
        | Step::SignOut { .. }
        | Step::SuspendUser { .. }
        | Step::ReactivateUser { .. }
        | Step::Advance { .. } => return Permissions::new(),
    };
    let who = before.who(*by);
    who.map_or_else(|_refused| Permissions::new(), |who| before.rights(who, org))
}

/// What had an active owner, at itself or above, has one; only the operator can take the last.
fn always_an_owner(before: &Model, step: &Step, after: &Model) -> Result<(), TestCaseError> {
    if matches!(step, Step::SuspendUser { .. }) {
        return Ok(());
    }
    for org in (0..after.orgs.len()).filter(|org| after.lives(*org)) {
        let had = match after.orgs[org].parent {
            Some(parent) if org >= before.orgs.len() => before.has_owner_but(parent, None),
            None if org >= before.orgs.len() => true,
            Some(_) | None => before.has_owner_but(org, None),
        };
        let has = after.has_owner_but(org, None);
        prop_assert!(has || !had, "{step:?} left {org} without an {OWNER}");
    }
    Ok(())
}

/// What was revoked or deleted stays so, and an access token that was refused is refused for ever (G6).
fn nothing_comes_back(before: &Model, after: &Model) -> Result<(), TestCaseError> {
    let orgs = before.orgs.iter().zip(&after.orgs);
    let pats = before.pats.iter().zip(&after.pats);
    for (was, is) in orgs {
        prop_assert!(is.is_deleted || !was.is_deleted);
    }
    for (was, is) in pats {
        prop_assert!(is.is_over(after.now) || !was.is_over(before.now));
    }
    for access in 0..before.accesses.len() {
        let (was, is) = (before.is_admitted(access), after.is_admitted(access));
        prop_assert!(was || !is, "access token {access}");
    }
    Ok(())
}
