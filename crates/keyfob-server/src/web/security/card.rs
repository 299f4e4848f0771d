//! The card *Personal API Token*: what it says and offers to whom.

use keyfob_core::catalogue::ORGANIZATION_MANAGE;
use keyfob_core::id::OrgId;
use keyfob_core::member::Standing;
use keyfob_core::secret::PatSecret;
use keyfob_store::pat::Pat;

use super::options::Options;
use super::token::{Badge, EndedToken, LiveToken, Told};
use crate::app::manage::Colleague;
use crate::app::visit::Visit;
use crate::web::frame::Area;
use crate::web::try_it::Places;
use crate::web::{say, when};

/// The token that was just made: in this one answer with its secret.
#[derive(Debug)]
pub(crate) struct Fresh {
    pub(crate) name: String,
    pub(crate) secret: PatSecret,
    /// Its life, permissions and networks in a line.
    pub(crate) bounds: String,
    /// Where it is exchanged.
    pub(crate) issuer: String,
}

impl Fresh {
    /// A token and its secret.
    pub(crate) fn new(pat: &Pat, secret: PatSecret, issuer: &str) -> Self {
        let end = pat.lifetime.end.map(|end| say::expires_on(&when::day(end)));
        let permissions = match &pat.ceiling {
            None => say::ALL_YOU_HAVE.to_lowercase(),
            Some(ceiling) => say::counted(count(ceiling.iter()), "permission"),
        };
        let networks = match &pat.networks {
            None => say::ANYWHERE.to_owned(),
            Some(networks) => say::counted(count(networks.iter()), "network"),
        };
        let end = end.as_deref().unwrap_or(say::NEVER_EXPIRES);
        Self {
            name: pat.name.clone(),
            secret,
            bounds: say::joined(&[end, &permissions, &networks]),
            issuer: issuer.to_owned(),
        }
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u64 {
    u64::try_from(items.count()).unwrap_or(u64::MAX)
}

/// Somebody who can make the reader a member.
#[derive(Debug)]
pub(crate) struct Manager {
    pub(crate) name: String,
    pub(crate) email: String,
    /// As what they can.
    pub(crate) standing: String,
}

/// Why an inherited user cannot generate here, and what to do instead (D4).
#[derive(Debug)]
pub(crate) struct InheritedNote {
    pub(crate) why: String,
    pub(crate) managers: Vec<Manager>,
    /// The organization whose token works here too: its address and name.
    pub(crate) instead: Option<(String, String)>,
}

impl InheritedNote {
    /// For somebody who is here through `from`.
    pub(crate) fn new(visit: &Visit, from: OrgId, colleagues: &[Colleague]) -> Self {
        let named = |id| visit.seen(id).map(|seen| seen.org.name.as_str());
        let name = |id| named(id).unwrap_or_default();
        let here = visit.place.lineage.organization();
        let manages = |colleague: &&Colleague| {
            let permissions = &colleague.live(&visit.loaded.catalogue, &visit.place.lineage);
            visit
                .loaded
                .catalogue
                .holds(permissions, ORGANIZATION_MANAGE)
        };
        let manager = |colleague: &Colleague| Manager {
            name: colleague.name.clone(),
            email: colleague.email.clone(),
            standing: match colleague.manages_at(&visit.loaded.catalogue, &visit.place.lineage) {
                Some((at, true)) => named(at).map_or_else(|| say::OWNER.to_owned(), say::owner_of),
                Some((at, false)) if at != here && named(at).is_some() => {
                    say::manages_from(name(at))
                }
                _here => say::MANAGES_ORGANIZATION.to_owned(),
            },
        };
        Self {
            why: say::only_members(name(here), name(from)),
            managers: colleagues.iter().filter(manages).map(manager).collect(),
            instead: visit
                .seen(from)
                .map(|listed| (Area::Security.path(from), listed.org.name.clone())),
        }
    }
}

/// The card.
#[derive(Debug)]
pub(crate) struct Card {
    /// What a token reaches, in words (P15).
    pub(crate) reaches: String,
    /// The token that was just made.
    pub(crate) fresh: Option<Fresh>,
    /// Where it can be tried.
    pub(crate) places: Places,
    /// What a form made that came a second time.
    pub(crate) used_form: Option<String>,
    pub(crate) inherited: Option<InheritedNote>,
    /// That the limit is reached: a heading and a sentence.
    pub(crate) limit: Option<(String, &'static str)>,
    /// Whether the membership here is suspended.
    pub(crate) is_suspended: bool,
    /// The form, for who can generate.
    pub(crate) generate: Option<Options>,
    pub(crate) tokens: Vec<LiveToken>,
    pub(crate) ended: Vec<EndedToken>,
    /// How many places are taken.
    pub(crate) taken: usize,
    /// How many of how many.
    pub(crate) count: String,
}

impl Card {
    /// A card that offers nothing yet.
    pub(crate) fn new(told: Told<'_>, pats: &[Pat], limit: u32) -> Self {
        let visit = told.visit;
        let here = visit.place.lineage.organization();
        let name = visit.here().map_or("", |listed| listed.org.name.as_str());
        let (live, over): (Vec<&Pat>, Vec<&Pat>) = pats
            .iter()
            .partition(|pat| pat.revoked.is_none() && !pat.lifetime.is_over_at(told.now));
        let taken = live
            .iter()
            .filter(|pat| pat.takes_a_place(told.now))
            .count();
        let path = |pat: &Pat| format!("{}/tokens/{}", Area::Security.path(here), pat.id);
        Self {
            reaches: say::reaches(name, visit.below_count()),
            fresh: None,
            places: Places::of_own(visit),
            used_form: None,
            inherited: None,
            limit: None,
            is_suspended: visit.place.standing == Standing::Stranger,
            generate: None,
            taken,
            count: say::of_limit(taken, limit),
            tokens: live.iter().map(|pat| told.live(pat, path(pat))).collect(),
            ended: over.iter().map(|pat| told.ended(pat)).collect(),
        }
    }

    /// Shows the token that was just made; in the list it is marked.
    pub(crate) fn with_fresh(mut self, fresh: Fresh) -> Self {
        if let Some(first) = self.tokens.first_mut() {
            first.badge.get_or_insert(Badge {
                kind: "ok",
                icon: "",
                word: say::NEW,
            });
        }
        self.fresh = Some(fresh);
        self
    }
}
