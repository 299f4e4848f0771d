use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn org(number: u128) -> OrgId {
    OrgId::from_uuid(uuid::Uuid::from_u128(number))
}

fn user(number: u128) -> UserId {
    UserId::from_uuid(uuid::Uuid::from_u128(number))
}

fn pat(number: u128) -> PatId {
    PatId::from_uuid(uuid::Uuid::from_u128(number))
}

fn facts() -> GenerateFacts {
    GenerateFacts {
        user: user(1),
        organization: org(2),
        tree: org(1),
        standing: Standing::Direct,
        authenticated_at: NOW,
        live: 0,
        named_below: BTreeSet::new(),
    }
}

fn refused(facts: &GenerateFacts, want: WantedPat, policy: &Policy) -> Refusal {
    may_generate(facts, want, policy, NOW)
        .map(|_| ())
        .expect_err("refused")
}

#[test]
fn p1_only_a_direct_member_generates() {
    let policy = Policy::default();
    let permit = may_generate(&facts(), WantedPat::default(), &policy, NOW).expect("permitted");
    assert_eq!(
        (permit.user(), permit.organization(), permit.tree()),
        (user(1), org(2), org(1))
    );
    let inherited = GenerateFacts {
        standing: Standing::Inherited { from: org(1) },
        ..facts()
    };
    assert_eq!(
        refused(&inherited, WantedPat::default(), &policy),
        Refusal::Inherited { from: org(1) }
    );
    let stranger = GenerateFacts {
        standing: Standing::Stranger,
        ..facts()
    };
    assert_eq!(
        refused(&stranger, WantedPat::default(), &policy),
        Refusal::Stranger
    );
}

#[test]
fn p7_the_last_place_can_be_taken_and_no_more() {
    let policy = Policy {
        pat_limit: 3,
        ..Policy::default()
    };
    let two = GenerateFacts { live: 2, ..facts() };
    assert!(may_generate(&two, WantedPat::default(), &policy, NOW).is_ok());
    let three = GenerateFacts { live: 3, ..facts() };
    assert_eq!(
        refused(&three, WantedPat::default(), &policy),
        Refusal::LimitReached { limit: 3 }
    );
}

#[test]
fn p8_the_expiry_follows_choice_and_policy() {
    let day = Duration::from_hours(24);
    let end = |want: WantedExpiry, pat_expiry: ExpiryPolicy| {
        let want = WantedPat {
            expiry: want,
            ..WantedPat::default()
        };
        may_generate(
            &facts(),
            want,
            &Policy {
                pat_expiry,
                ..Policy::default()
            },
            NOW,
        )
        .map(|permit| permit.lifetime().end)
    };
    let free = ExpiryPolicy::default();
    let bounded = ExpiryPolicy {
        default: None,
        max: Some(day * 30),
        required: true,
    };
    let required = ExpiryPolicy {
        required: true,
        ..free
    };
    let eager = ExpiryPolicy {
        default: Some(day * 7),
        ..free
    };
    assert_eq!(end(WantedExpiry::Default, free), Ok(None));
    assert_eq!(
        end(WantedExpiry::Default, bounded),
        Ok(Some(NOW.plus(day * 30)))
    );
    assert_eq!(
        end(WantedExpiry::Default, required),
        Ok(Some(NOW.plus(day * 365)))
    );
    assert_eq!(
        end(WantedExpiry::Default, eager),
        Ok(Some(NOW.plus(day * 7)))
    );
    assert_eq!(
        end(WantedExpiry::InDays(30), bounded),
        Ok(Some(NOW.plus(day * 30)))
    );
    let latest = NOW.plus(day * 30);
    assert_eq!(
        end(WantedExpiry::InDays(31), bounded),
        Err(Refusal::ExpiryTooLate { latest })
    );
    assert_eq!(end(WantedExpiry::InDays(0), free), Err(Refusal::ExpiryPast));
    assert_eq!(end(WantedExpiry::At(NOW), free), Err(Refusal::ExpiryPast));
    let soon = Timestamp::from_millis(NOW.millis() + 1);
    assert_eq!(end(WantedExpiry::At(soon), free), Ok(Some(soon)));
}

#[test]
fn p8_a_reach_names_only_what_lies_below() {
    let policy = Policy::default();
    let want = |ids: &[u128]| WantedPat {
        reach: Reach::Named(ids.iter().copied().map(org).collect()),
        ..WantedPat::default()
    };
    let facts = GenerateFacts {
        named_below: [org(3), org(4)].into(),
        ..facts()
    };
    assert!(may_generate(&facts, want(&[3, 4]), &policy, NOW).is_ok());
    assert_eq!(refused(&facts, want(&[3, 5]), &policy), Refusal::Reach);
    assert_eq!(refused(&facts, want(&[]), &policy), Refusal::Reach);
    let many: Vec<u128> = (3..54).collect();
    let all = GenerateFacts {
        named_below: many.iter().copied().map(org).collect(),
        ..facts
    };
    assert_eq!(refused(&all, want(&many), &policy), Refusal::Reach);
    assert!(may_generate(&all, want(&many[1..]), &policy, NOW).is_ok());
}

#[test]
fn p13_the_sign_in_must_be_recent() {
    let policy = Policy::default();
    let then = |ago: Duration| GenerateFacts {
        authenticated_at: NOW.minus(ago),
        ..facts()
    };
    let window = policy.reauthentication;
    assert!(may_generate(&then(window), WantedPat::default(), &policy, NOW).is_ok());
    let over = then(window + Duration::from_millis(1));
    assert_eq!(
        refused(&over, WantedPat::default(), &policy),
        Refusal::Reauthenticate
    );
}

#[test]
fn the_holder_a_manager_the_token_itself_and_the_operator_may_revoke() {
    let by = |revoker| {
        may_revoke(revoker, pat(9), user(1)).map(|permit| (permit.because(), permit.by()))
    };
    let person = |number, manages| Revoker::Person {
        user: user(number),
        manages,
    };
    assert_eq!(
        by(person(1, false)),
        Ok((RevokedBecause::User, Some(user(1))))
    );
    assert_eq!(
        by(person(2, true)),
        Ok((RevokedBecause::Manager, Some(user(2))))
    );
    assert_eq!(by(person(2, false)), Err(MayNotRevoke));
    let own = Revoker::Token {
        pat: pat(9),
        user: user(1),
    };
    assert_eq!(by(own), Ok((RevokedBecause::User, Some(user(1)))));
    let other = Revoker::Token {
        pat: pat(8),
        user: user(1),
    };
    assert_eq!(
        by(other),
        Err(MayNotRevoke),
        "not even another PAT of the same person"
    );
    assert_eq!(by(Revoker::Operator), Ok((RevokedBecause::Operator, None)));
}

#[test]
fn every_reason_is_read_back_from_its_word() {
    for because in RevokedBecause::ALL {
        assert_eq!(RevokedBecause::from_word(because.word()), Some(because));
    }
}

#[test]
fn p16_what_happened_to_a_token_is_for_its_holder_and_for_who_manages() {
    let viewer = |number, manages| Viewer {
        user: user(number),
        manages,
    };
    assert!(viewer(1, false).is_shown_tokens_of(user(1)));
    assert!(viewer(2, true).is_shown_tokens_of(user(1)));
    assert!(!viewer(2, false).is_shown_tokens_of(user(1)));
}
