//! A signed text, by the form of C2SP (c2sp.org/signed-note): the text, an empty line, and a line for each
//! signature with the name of the key. Other people's tools check it, and others may sign it too.
//!
//! Only Ed25519, which is algorithm 1 there. Signatures by unknown keys are passed over, as the form says;
//! one by a known key that does not fit refuses the whole.

use std::fmt;

use aws_lc_rs::digest;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, ParsedPublicKey};
use data_encoding::{BASE64, HEXLOWER};

const ED25519_ALGORITHM: u8 = 1;
const PUBLIC_LENGTH: usize = 32;
const ID_LENGTH: usize = 4;
/// The em dash with which a line of a signature begins.
const DASH: &str = "\u{2014} ";

/// Why a text is no note, or no good one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadNote {
    /// It has another form.
    #[error("it is no signed note")]
    Form,
    /// A known key did not sign this text.
    #[error("the signature of the key {0} does not fit: the text was changed, or forged")]
    Forged(String),
    /// No known key signed it.
    #[error("none of its signatures is by a known key")]
    Stranger,
}

/// A text that is no public key of a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a public key of the form NAME+ID+KEY, as `keyfobd audit key` prints it")]
pub struct NotANoteKey;

/// The public half of a key that signs notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteKey {
    name: String,
    public: [u8; PUBLIC_LENGTH],
}

impl NoteKey {
    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads the printed form.
    ///
    /// # Errors
    /// [`NotANoteKey`], also when the id in it is another key's.
    pub fn parse(text: &str) -> Result<Self, NotANoteKey> {
        let mut parts = text.splitn(3, '+');
        let mut part = || parts.next().ok_or(NotANoteKey);
        let (name, _id, key) = (part()?, part()?, part()?);
        let bytes = BASE64.decode(key.as_bytes());
        let bytes = bytes.map_err(|_not_base64| NotANoteKey)?;
        let Some((&ED25519_ALGORITHM, public)) = bytes.split_first() else {
            return Err(NotANoteKey);
        };
        let public = public.try_into().map_err(|_length| NotANoteKey)?;
        let key = Self {
            name: name.to_owned(),
            public,
        };
        (is_name(name) && key.to_string() == text)
            .then_some(key)
            .ok_or(NotANoteKey)
    }

    /// What tells keys of the same name apart.
    fn id(&self) -> [u8; ID_LENGTH] {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(self.name.as_bytes());
        context.update(&[b'\n', ED25519_ALGORITHM]);
        context.update(&self.public);
        let mut id = [0; ID_LENGTH];
        for (to, from) in id.iter_mut().zip(context.finish().as_ref()) {
            *to = *from;
        }
        id
    }

    fn signed(&self, text: &str, signature: &[u8]) -> bool {
        let key = ParsedPublicKey::new(&ED25519, self.public);
        key.is_ok_and(|key| key.verify_sig(text.as_bytes(), signature).is_ok())
    }
}

impl fmt::Display for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[ED25519_ALGORITHM], &self.public[..]].concat();
        let id = HEXLOWER.encode(&self.id());
        write!(f, "{}+{id}+{}", self.name, BASE64.encode(&key))
    }
}

/// A key that signs notes.
pub struct NoteSigner {
    key: NoteKey,
    pair: Ed25519KeyPair,
}

impl fmt::Debug for NoteSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoteSigner")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl NoteSigner {
    /// Opens a key of PKCS #8; none if it is no Ed25519 key.
    pub fn open(name: &str, pkcs8: &[u8]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8).ok()?;
        let public = pair.public_key().as_ref().try_into().ok()?;
        let key = NoteKey {
            name: name.to_owned(),
            public,
        };
        is_name(name).then_some(Self { key, pair })
    }

    /// Its public half.
    pub fn key(&self) -> &NoteKey {
        &self.key
    }

    /// Signs a text, which ends with a line end.
    pub fn sign(&self, text: &str) -> String {
        let signature = self.pair.sign(text.as_bytes());
        let signature = [&self.key.id()[..], signature.as_ref()].concat();
        let (name, signature) = (self.key.name(), BASE64.encode(&signature));
        format!("{text}\n{DASH}{name} {signature}\n")
    }
}

/// A text with signatures that nobody has checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Signature {
    name: String,
    id: [u8; ID_LENGTH],
    bytes: Vec<u8>,
}

impl Note {
    /// Reads a note.
    ///
    /// # Errors
    /// [`BadNote::Form`]
    pub fn parse(note: &str) -> Result<Self, BadNote> {
        let form = || BadNote::Form;
        let has_control = note.chars().any(|sign| sign.is_control() && sign != '\n');
        let (text, signatures) = note.rsplit_once("\n\n").ok_or_else(form)?;
        let signatures = signatures.strip_suffix('\n').ok_or_else(form)?;
        let signatures: Option<Vec<_>> = signatures.split('\n').map(Signature::parse).collect();
        let signatures = signatures.filter(|_all| !has_control).ok_or_else(form)?;
        Ok(Self {
            text: format!("{text}\n"),
            signatures,
        })
    }

    /// The text, if it is one that a known key signed; and which.
    ///
    /// # Errors
    /// [`BadNote::Forged`] or [`BadNote::Stranger`].
    pub fn open<'k>(&self, known: &'k [NoteKey]) -> Result<(&str, &'k NoteKey), BadNote> {
        let mut signed = None;
        for signature in &self.signatures {
            let key = known
                .iter()
                .find(|key| key.name == signature.name && key.id() == signature.id);
            let Some(key) = key else {
                continue;
            };
            if !key.signed(&self.text, &signature.bytes) {
                return Err(BadNote::Forged(key.name.clone()));
            }
            signed = Some(key);
        }
        signed
            .map(|key| (self.text.as_str(), key))
            .ok_or(BadNote::Stranger)
    }

    /// The text, whoever wrote it.
    pub fn unchecked_text(&self) -> &str {
        &self.text
    }

    /// The names of the keys that are said to have signed.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.signatures.iter().map(|each| each.name.as_str())
    }
}

impl Signature {
    fn parse(line: &str) -> Option<Self> {
        let (name, signature) = line.strip_prefix(DASH)?.split_once(' ')?;
        let bytes = BASE64.decode(signature.as_bytes()).ok()?;
        let (id, bytes) = bytes.split_at_checked(ID_LENGTH)?;
        // How long a signature is depends on the kind of its key.
        (is_name(name) && !bytes.is_empty()).then_some(Self {
            name: name.to_owned(),
            id: id.try_into().ok()?,
            bytes: bytes.to_vec(),
        })
    }
}

fn is_name(name: &str) -> bool {
    let is_bad = |sign: char| sign.is_whitespace() || sign.is_control() || sign == '+';
    !name.is_empty() && !name.contains(is_bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example in the documentation of golang.org/x/mod/sumdb/note.
    const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\
        \n\
        \u{2014} PeterNeumann \
        x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    fn signer(name: &str) -> NoteSigner {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new());
        NoteSigner::open(name, pkcs8.expect("a key").as_ref()).expect("a signer")
    }

    fn opened<'k>(note: &str, known: &'k [NoteKey]) -> Result<&'k NoteKey, BadNote> {
        Note::parse(note)?.open(known).map(|(_text, key)| key)
    }

    #[test]
    fn the_example_of_another_implementation_is_read() {
        let key = NoteKey::parse(KEY).expect("a key");
        assert_eq!(key.to_string(), KEY);
        let note = Note::parse(NOTE).expect("a note");
        let (text, by) = note.open(std::slice::from_ref(&key)).expect("good");
        assert!(text.ends_with("problem is.\n") && *by == key);
        let changed = NOTE.replace("answer", "Answer");
        let forged = BadNote::Forged("PeterNeumann".to_owned());
        assert_eq!(opened(&changed, &[key]), Err(forged));
    }

    #[test]
    fn what_is_signed_is_read_back_and_only_by_its_key() {
        let (one, other) = (signer("one"), signer("one"));
        let note = one.sign("a text\n\nwith an empty line\n");
        let known = [other.key().clone(), one.key().clone()];
        assert_eq!(opened(&note, &known), Ok(one.key()));
        assert_eq!(opened(&note, &known[..1]), Err(BadNote::Stranger));
        let both = format!("{note}{}", other.sign("x\n").split_at(3).1);
        assert_eq!(
            opened(&both, &known),
            Err(BadNote::Forged("one".to_owned())),
            "one of them does not fit"
        );
        assert_eq!(opened(&both, &known[1..]), Ok(one.key()), "it is unknown");
    }

    #[test]
    fn what_has_another_form_is_refused() {
        let good = signer("key").sign("text\n");
        assert!(Note::parse(&good).is_ok());
        for bad in [
            String::new(),
            "text\n".to_owned(),
            good.trim_end().to_owned(),
            format!("{good}\n"),
            good.replace("\n\n", "\n"),
            good.replace("\u{2014} ", "- "),
            good.replace("key ", "key+1 "),
            good.replace("text", "te\txt"),
            good.replace('\n', "\r\n"),
            good.replace("=\n", "\n"),
            "text\n\n\u{2014} key AAAA\n".to_owned(),
        ] {
            assert_eq!(Note::parse(&bad), Err(BadNote::Form), "{bad:?}");
        }
        for bad in [
            "",
            "PeterNeumann",
            "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "PeterNeumann+c74f20a3+AhpcWQcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "PeterNeumann+c74f20a3+ARpc2QcU",
        ] {
            assert_eq!(NoteKey::parse(bad), Err(NotANoteKey), "{bad}");
        }
    }
}
