//! What an import knows of organizations: every one there is, living or deleted, and those it makes.
//!
//! All of them are in memory, some 200 bytes each, because a name path can be followed only so. What
//! was deleted is remembered by its last place, so that an import does not bring it back.

use std::collections::{BTreeSet, HashMap};

use keyfob_core::id::OrgId;
use keyfob_core::org::DEPTH_MAX;
use keyfob_store::import::facts::KnownOrg;

use super::keys::{Key, Keys};
use super::reference::OrgRef;

/// An organization in this memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Org(u32);

/// What is remembered of one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) id: OrgId,
    /// Its name, exactly.
    pub(super) name: Key,
    pub(super) external: Option<Key>,
    pub(super) root: Org,
    pub(super) parent: Option<Org>,
    pub(super) depth: usize,
    pub(super) is_living: bool,
}

/// What fits a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// One that lives.
    One(Org),
    /// Only what was deleted here: this, if it is one.
    Ended(Option<Org>),
    /// Several that live.
    Several,
    /// None.
    None,
}

#[derive(Debug, Default)]
pub(super) struct Orgs {
    entries: Vec<Entry>,
    by_id: HashMap<OrgId, Org>,
    by_external: HashMap<Key, Org>,
    /// Where a name is: parent, name as compared, which.
    places: BTreeSet<(Option<Org>, Key, Org)>,
    /// The living names of each tree, by its root.
    names: HashMap<(Org, Key), Org>,
}

impl Orgs {
    pub(super) fn load(&mut self, known: &[KnownOrg], keys: &Keys) {
        for org in known {
            let entry = Entry {
                id: org.id,
                name: keys.of(&org.name),
                external: org.external_id.as_deref().map(|text| keys.of(text)),
                root: self.place_of(org.root),
                parent: org.parent.map(|parent| self.place_of(parent)),
                depth: usize::try_from(org.depth).unwrap_or(DEPTH_MAX),
                is_living: org.deleted_at.is_none(),
            };
            self.keep(entry, keys.of(&org.name_key));
        }
    }

    /// Remembers an organization that this run makes, or that it must not make because what it belongs
    /// to was ended here.
    pub(super) fn add(&mut self, new: &NewEntry) -> Org {
        let NewEntry {
            id,
            name,
            name_key,
            external,
            parent,
            is_living,
        } = *new;
        let own = self.place_of(id);
        let above = parent.and_then(|parent| self.entry(parent)).copied();
        let (root, depth) = above.map_or((own, 1), |above| (above.root, above.depth + 1));
        self.keep(
            Entry {
                id,
                name,
                external,
                root,
                parent,
                depth,
                is_living,
            },
            name_key,
        )
    }

    pub(super) fn entry(&self, org: Org) -> Option<&Entry> {
        self.entries.get(usize::try_from(org.0).ok()?)
    }

    pub(super) fn id(&self, org: Org) -> Option<OrgId> {
        self.entry(org).map(|entry| entry.id)
    }

    /// The id of the root of its tree.
    pub(super) fn tree(&self, org: Org) -> Option<OrgId> {
        self.entry(org).and_then(|entry| self.id(entry.root))
    }

    pub(super) fn by_id(&self, id: OrgId) -> Option<Org> {
        self.by_id.get(&id).copied()
    }

    pub(super) fn by_external(&self, external: Key) -> Option<Org> {
        self.by_external.get(&external).copied()
    }

    /// The one with that name in the tree of `inside`, wherever in it.
    pub(super) fn in_tree(&self, inside: Org, name: Key) -> Option<Org> {
        let root = self.entry(inside)?.root;
        self.names.get(&(root, name)).copied()
    }

    /// Whatever has that name directly below a parent, or among the roots.
    pub(super) fn directly_below(&self, parent: Option<Org>, name: Key) -> Found {
        self.choose(self.children(parent, name).collect())
    }

    /// Whether it lies below another, at any depth.
    pub(super) fn is_below(&self, org: Org, above: Org) -> bool {
        let parent = |org: &Org| self.entry(*org).and_then(|entry| entry.parent);
        std::iter::successors(parent(&org), parent).any(|ancestor| ancestor == above)
    }

    /// Finds what a reference fits: what lives counts before what was deleted.
    pub(super) fn resolve(&self, reference: &OrgRef) -> Found {
        let by_id = reference.id.and_then(|id| self.by_id(id));
        let by_external = reference.external.and_then(|key| self.by_external(key));
        let mut fitting: Vec<Org> = by_id.into_iter().chain(by_external).collect();
        if let Some(path) = &reference.path {
            fitting.extend(self.follow(path));
        }
        self.choose(fitting)
    }

    fn follow(&self, path: &[Key]) -> Vec<Org> {
        let Some((root, below)) = path.split_first() else {
            return Vec::new();
        };
        let mut here: Vec<Org> = self.children(None, *root).collect();
        for name in below {
            here = here
                .iter()
                .flat_map(|org| self.children(Some(*org), *name))
                .collect();
        }
        here
    }

    fn children(&self, parent: Option<Org>, name: Key) -> impl Iterator<Item = Org> + '_ {
        let range = (parent, name, Org(0))..=(parent, name, Org(u32::MAX));
        self.places.range(range).map(|(_parent, _name, org)| *org)
    }

    fn choose(&self, mut fitting: Vec<Org>) -> Found {
        fitting.sort_unstable();
        fitting.dedup();
        let is_living = |org: &Org| self.entry(*org).is_some_and(|entry| entry.is_living);
        let mut living = fitting.iter().copied().filter(is_living);
        match (living.next(), living.next(), fitting.as_slice()) {
            (Some(one), None, _) => Found::One(one),
            (Some(_one), Some(_other), _) => Found::Several,
            (None, _, []) => Found::None,
            (None, _, [one]) => Found::Ended(Some(*one)),
            (None, _, _several) => Found::Ended(None),
        }
    }

    /// The place of an id; one that comes later in the database gets its place now.
    fn place_of(&mut self, id: OrgId) -> Org {
        if let Some(org) = self.by_id.get(&id) {
            return *org;
        }
        // Four thousand million organizations do not fit any memory; the last place is never looked at.
        let org = Org(u32::try_from(self.entries.len()).unwrap_or(u32::MAX));
        let name = Key::default();
        self.entries.push(Entry {
            id,
            name,
            external: None,
            root: org,
            parent: None,
            depth: 1,
            is_living: false,
        });
        self.by_id.insert(id, org);
        org
    }

    fn keep(&mut self, entry: Entry, name_key: Key) -> Org {
        let org = self.place_of(entry.id);
        if let Some(place) = usize::try_from(org.0)
            .ok()
            .and_then(|index| self.entries.get_mut(index))
        {
            *place = entry;
        }
        if let Some(external) = entry.external {
            self.by_external.insert(external, org);
        }
        self.places.insert((entry.parent, name_key, org));
        if entry.is_living {
            self.names.insert((entry.root, name_key), org);
        }
        org
    }
}

/// An organization to remember.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewEntry {
    pub(super) id: OrgId,
    /// Its name, exactly.
    pub(super) name: Key,
    /// Its name as it is compared.
    pub(super) name_key: Key,
    pub(super) external: Option<Key>,
    pub(super) parent: Option<Org>,
    /// Whether this run makes it.
    pub(super) is_living: bool,
}
