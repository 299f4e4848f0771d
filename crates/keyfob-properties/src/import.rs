//! Lines of an import (contract 7).

use std::sync::LazyLock;

use keyfob_core::foreign::{Foreign, TokenForms};
use keyfob_core::id::KeyId;
use keyfob_core::secret::{Pepper, Prefix, Scheme};
use keyfob_server::import::LINE_MAX;
use keyfob_server::import::probe::Reader;
use serde_json::Value;
use uuid::Uuid;

use crate::secret::{is_told, planted};

/// What of a line nobody else is to see.
const SECRETS: [&str; 3] = ["password", "passwordHash", "hash"];

static READER: LazyLock<Reader> = LazyLock::new(|| {
    let prefix = Prefix::default();
    let pattern = "^old-[0-9a-f]{24}$";
    let foreign = Foreign::new("old".to_owned(), pattern, Scheme::Sha512, &prefix);
    let forms = TokenForms {
        foreign: vec![foreign.expect("a good pattern")],
        prefix,
    };
    let pepper = Pepper::new(&[7; 32]);
    Reader::new(forms, (KeyId::from_uuid(Uuid::from_u128(1)), pepper))
});

/// Every line that is not blank is read once and by itself; printed by another writer it is read as the
/// same; what is wrong is told in one line, and no secret ever.
pub fn holds(data: &[u8]) {
    let Some(text) = planted(data) else { return };
    let read = READER.lines(&text).expect("memory can be read");
    let alone = apart(&text);
    assert_eq!(read.len(), alone.len());
    for (parsed, (number, line)) in read.iter().zip(alone) {
        assert_eq!(parsed.number, number);
        if line.len() > LINE_MAX {
            assert!(parsed.read.is_err());
            continue;
        }
        assert_eq!(parsed.read, READER.line(line.as_bytes()));
        match &parsed.read {
            Ok(shown) => is_read_back(line, shown),
            Err(reason) => {
                assert!(!is_told(reason), "{reason}");
                assert!(!reason.contains('\n'), "{reason}");
            }
        }
    }
}

/// The lines that are not blank, with their numbers.
fn apart(text: &str) -> Vec<(u64, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.split_inclusive('\n').map(|line| {
        let ended = line.strip_suffix('\n');
        ended.map_or(line, |line| line.strip_suffix('\r').unwrap_or(line))
    });
    let is_blank = |line: &str| line.bytes().all(|byte| byte.is_ascii_whitespace());
    (1..).zip(lines).filter(|(_, line)| !is_blank(line)).collect()
}

fn is_read_back(line: &str, shown: &str) {
    let mut value: Value = serde_json::from_str(line).expect("a line is JSON");
    let printed = value.to_string();
    if printed.len() <= LINE_MAX {
        assert_eq!(READER.line(printed.as_bytes()).as_deref(), Ok(shown));
    }
    let members = value.as_object_mut().expect("a line is an object");
    members.retain(|name, _value| !SECRETS.contains(&name.as_str()));
    if !is_told(&value.to_string()) {
        assert!(!is_told(shown), "{shown}");
    }
}
