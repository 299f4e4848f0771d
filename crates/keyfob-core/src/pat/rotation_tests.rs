use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

fn org(number: u128) -> OrgId {
    OrgId::from_uuid(uuid::Uuid::from_u128(number))
}

fn user(number: u128) -> UserId {
    UserId::from_uuid(uuid::Uuid::from_u128(number))
}

fn pat(number: u128) -> PatId {
    PatId::from_uuid(uuid::Uuid::from_u128(number))
}

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text.as_bytes()).expect("a key")
}

fn facts() -> RotateFacts {
    RotateFacts {
        user: user(1),
        standing: Standing::Direct,
        authenticated_at: NOW,
        old: OldPat {
            id: pat(9),
            holder: user(1),
            organization: org(2),
            tree: org(1),
            lifetime: Lifetime {
                start: NOW.minus(DAY),
                end: None,
            },
            revoked: None,
            ceiling: None,
            reach: Reach::Subtree,
            networks: None,
        },
        rotated: None,
    }
}

/// The facts after a rotation that was asked for with `want`.
fn after(want: &WantedRotation) -> RotateFacts {
    let permit = may_rotate(facts(), want, &Policy::default(), NOW).expect("permitted");
    RotateFacts {
        rotated: Some(Rotated {
            successor: pat(10),
            lifetime: permit.successor().lifetime(),
            revoked: None,
            next: None,
            first_used_at: None,
            attempt: permit.attempt().copied(),
        }),
        ..facts()
    }
}

fn keyed(text: &str) -> WantedRotation {
    WantedRotation {
        overlap: None,
        key: Some(key(text)),
    }
}

fn refused(facts: RotateFacts, want: &WantedRotation, now: Timestamp) -> NotRotated {
    may_rotate(facts, want, &Policy::default(), now)
        .map(|_permit| ())
        .expect_err("refused")
}

/// What becomes of the old token: its new end, or why it is revoked.
fn step(
    facts: RotateFacts,
    overlap: Option<Duration>,
    policy: &Policy,
) -> Result<Result<Timestamp, (PatId, RevokedBecause)>, NotRotated> {
    let want = WantedRotation { overlap, key: None };
    may_rotate(facts, &want, policy, NOW).map(|permit| match permit.step {
        RotateStep::Overlap(end) => Ok(end),
        RotateStep::AtOnce(ended) | RotateStep::Again(ended) => Err((ended.pat, ended.because)),
    })
}

#[test]
fn p10_the_successor_has_the_bounds_of_the_old_one_and_an_expiry_by_policy() {
    let mut facts = facts();
    facts.old.lifetime.end = Some(NOW.plus(HOUR));
    facts.old.ceiling = Some(Ceiling::from_stored("build:view gone:view"));
    facts.old.reach = Reach::Named([org(3)].into());
    facts.old.networks = Networks::parse(["203.0.113.0/24"]).ok();
    let mut policy = Policy::default();
    let permit = may_rotate(facts.clone(), &keyed("a"), &policy, NOW).expect("permitted");
    let successor = permit.successor();
    assert_eq!(
        (permit.pat(), successor.user(), successor.organization()),
        (pat(9), user(1), org(2))
    );
    assert_eq!(successor.tree(), org(1));
    assert_eq!(successor.want().ceiling, facts.old.ceiling);
    assert_eq!(successor.want().reach, facts.old.reach);
    assert_eq!(successor.want().networks, facts.old.networks);
    assert_eq!(
        (successor.lifetime().start, successor.lifetime().end),
        (NOW, None)
    );
    policy.pat_expiry.max = Some(30 * DAY);
    let bounded = may_rotate(facts, &keyed("a"), &policy, NOW).expect("permitted");
    assert_eq!(bounded.successor().lifetime().end, Some(NOW.plus(30 * DAY)));
}

#[test]
fn p10_only_its_holder_rotates_a_token() {
    let other = RotateFacts {
        user: user(2),
        ..facts()
    };
    assert_eq!(refused(other, &keyed("a"), NOW), NotRotated::NotTheHolder);
}

#[test]
fn p1_p13_who_could_not_generate_does_not_rotate_either() {
    for (standing, refusal) in [
        (
            Standing::Inherited { from: org(1) },
            Refusal::Inherited { from: org(1) },
        ),
        (Standing::Stranger, Refusal::Stranger),
    ] {
        let facts = RotateFacts {
            standing,
            ..facts()
        };
        assert_eq!(
            refused(facts, &keyed("a"), NOW),
            NotRotated::Person(refusal)
        );
    }
    let window = Policy::default().reauthentication;
    assert!(may_rotate(facts(), &keyed("a"), &Policy::default(), NOW.plus(window)).is_ok());
    let late = NOW.plus(window + Duration::from_millis(1));
    // Also of a token that is over: what becomes of it is told to who may know.
    let mut over = facts();
    over.old.revoked = Some(RevokedBecause::User);
    for facts in [facts(), over, after(&keyed("a"))] {
        assert_eq!(
            refused(facts, &keyed("a"), late),
            NotRotated::Person(Refusal::Reauthenticate)
        );
    }
}

#[test]
fn p10_the_overlap_is_chosen_or_the_policys_and_never_prolongs_a_life() {
    let policy = Policy::default();
    assert_eq!(step(facts(), None, &policy), Ok(Ok(NOW.plus(DAY))));
    assert_eq!(step(facts(), Some(HOUR), &policy), Ok(Ok(NOW.plus(HOUR))));
    let longest = policy.pat_rotation_overlap_max;
    assert_eq!(
        step(facts(), Some(longest), &policy),
        Ok(Ok(NOW.plus(longest)))
    );
    let longer = longest + Duration::from_secs(1);
    assert_eq!(
        step(facts(), Some(longer), &policy),
        Err(NotRotated::OverlapTooLong { longest })
    );
    let mut soon = facts();
    soon.old.lifetime.end = Some(NOW.plus(HOUR));
    assert_eq!(step(soon, None, &policy), Ok(Ok(NOW.plus(HOUR))));
}

#[test]
fn p10_without_an_overlap_the_old_one_ends_at_once() {
    let ended = Ok(Err((pat(9), RevokedBecause::Rotated)));
    assert_eq!(
        step(facts(), Some(Duration::ZERO), &Policy::default()),
        ended
    );
    let never = Policy {
        pat_rotation_overlap: Duration::ZERO,
        ..Policy::default()
    };
    assert_eq!(step(facts(), None, &never), ended);
}

#[test]
fn p10_what_is_over_is_not_rotated() {
    let mut revoked = facts();
    revoked.old.revoked = Some(RevokedBecause::User);
    assert_eq!(refused(revoked, &keyed("a"), NOW), NotRotated::Revoked);
    let mut expired = facts();
    expired.old.lifetime.end = Some(NOW);
    assert_eq!(
        refused(expired.clone(), &keyed("a"), NOW),
        NotRotated::Expired
    );
    expired.old.lifetime.end = Some(Timestamp::from_millis(NOW.millis() + 1));
    assert!(may_rotate(expired, &keyed("a"), &Policy::default(), NOW).is_ok());
}

#[test]
fn p10_a_repeated_request_replaces_the_unseen_successor_and_nothing_else_does() {
    let want = keyed("a");
    let again = may_rotate(after(&want), &want, &Policy::default(), NOW.plus(HOUR / 10));
    match again.expect("permitted").step() {
        RotateStep::Again(unseen) => {
            assert_eq!(unseen.pat(), pat(10));
            assert_eq!(unseen.because(), RevokedBecause::UnseenSuccessor);
            assert_eq!(unseen.by(), Some(user(1)));
        }
        step @ (RotateStep::Overlap(_) | RotateStep::AtOnce(_)) => panic!("{step:?}"),
    }
    let other_overlap = WantedRotation {
        overlap: Some(DAY),
        ..keyed("a")
    };
    for other in [keyed("b"), WantedRotation::default(), other_overlap] {
        assert_eq!(
            refused(after(&want), &other, NOW),
            NotRotated::AlreadyRotated,
            "{other:?}"
        );
    }
    let without_key = WantedRotation::default();
    assert_eq!(
        refused(after(&without_key), &want, NOW),
        NotRotated::AlreadyRotated
    );
    assert_eq!(
        refused(after(&without_key), &without_key, NOW),
        NotRotated::AlreadyRotated
    );
}

#[test]
fn p10_a_key_counts_for_24_hours_and_not_a_millisecond_longer() {
    let want = keyed("a");
    let at = |now: Timestamp| {
        let facts = RotateFacts {
            authenticated_at: now,
            ..after(&want)
        };
        may_rotate(facts, &want, &Policy::default(), now).map(|_permit| ())
    };
    let just_before = NOW.plus(DAY).minus(Duration::from_millis(1));
    assert_eq!(at(just_before), Ok(()));
    assert_eq!(at(NOW.plus(DAY)), Err(NotRotated::AlreadyRotated));
}

#[test]
fn p10_a_successor_that_was_used_or_rotated_or_is_over_is_not_replaced() {
    let want = keyed("a");
    let with = |change: &dyn Fn(&mut Rotated)| {
        let mut facts = after(&want);
        change(facts.rotated.as_mut().expect("a rotation"));
        refused(facts, &want, NOW)
    };
    assert_eq!(
        with(&|rotated| rotated.first_used_at = Some(NOW)),
        NotRotated::AlreadyRotated
    );
    assert_eq!(
        with(&|rotated| rotated.next = Some(pat(11))),
        NotRotated::AlreadyRotated
    );
    assert_eq!(
        with(&|rotated| rotated.revoked = Some(RevokedBecause::Manager)),
        NotRotated::AlreadyRotated
    );
    assert_eq!(
        with(&|rotated| rotated.lifetime.end = Some(NOW)),
        NotRotated::AlreadyRotated
    );
}

#[test]
fn p10_a_request_is_repeated_whatever_became_of_the_old_token() {
    let want = keyed("a");
    let mut ended = after(&want);
    ended.old.revoked = Some(RevokedBecause::Rotated);
    assert!(may_rotate(ended, &want, &Policy::default(), NOW).is_ok());
    let mut expired = after(&want);
    expired.old.lifetime.end = Some(NOW);
    assert!(may_rotate(expired, &want, &Policy::default(), NOW).is_ok());
}

#[test]
fn p10_a_key_is_kept_as_a_digest_of_whose_which_and_what() {
    let digest = |facts: RotateFacts, want: &WantedRotation| {
        let permit = may_rotate(facts, want, &Policy::default(), NOW).expect("permitted");
        permit.attempt().expect("an attempt").digest
    };
    let overlap = |overlap| WantedRotation {
        overlap: Some(overlap),
        ..keyed("a")
    };
    let mut others_token = facts();
    others_token.user = user(2);
    others_token.old.holder = user(2);
    let mut another = facts();
    another.old.id = pat(8);
    let mut digests = vec![
        digest(facts(), &keyed("a")),
        digest(facts(), &keyed("b")),
        digest(facts(), &overlap(HOUR)),
        digest(facts(), &overlap(DAY)),
        digest(others_token, &keyed("a")),
        digest(another, &keyed("a")),
    ];
    assert_eq!(digests.first(), Some(&digest(facts(), &keyed("a"))));
    let count = digests.len();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), count);
    assert_eq!(format!("{:?}", key("secret-key")), "IdempotencyKey(…)");
}

#[test]
fn p10_a_key_is_1_to_255_visible_characters() {
    for byte in 0..=u8::MAX {
        let is_visible = (b'!'..=b'~').contains(&byte);
        assert_eq!(IdempotencyKey::parse(&[byte]).is_ok(), is_visible, "{byte}");
        assert_eq!(
            IdempotencyKey::parse(&[b'a', byte]).is_ok(),
            is_visible,
            "{byte}"
        );
    }
    assert_eq!(IdempotencyKey::parse(b""), Err(BadIdempotencyKey));
    assert!(IdempotencyKey::parse(&[b'x'; IDEMPOTENCY_KEY_MAX]).is_ok());
    assert_eq!(
        IdempotencyKey::parse(&[b'x'; IDEMPOTENCY_KEY_MAX + 1]),
        Err(BadIdempotencyKey)
    );
}

#[test]
fn p10_a_token_is_ended_when_its_overlap_is_over_and_not_a_millisecond_before() {
    let ended = |now| {
        let permit = may_end_overlap(pat(9), user(1), NOW, now)?;
        Some((permit.pat(), permit.because(), permit.by()))
    };
    assert_eq!(ended(NOW.minus(Duration::from_millis(1))), None);
    let permit = Some((pat(9), RevokedBecause::Rotated, Some(user(1))));
    assert_eq!(ended(NOW), permit);
}

#[test]
fn p10_a_use_counts_as_late_only_after_the_successors_first() {
    let at = |millis| Some(Timestamp::from_millis(millis));
    assert_eq!(used_after_rotation(at(5), at(6)), at(6));
    assert_eq!(used_after_rotation(at(5), at(5)), None);
    assert_eq!(used_after_rotation(at(5), at(4)), None);
    assert_eq!(used_after_rotation(None, at(6)), None);
    assert_eq!(used_after_rotation(at(5), None), None);
}
