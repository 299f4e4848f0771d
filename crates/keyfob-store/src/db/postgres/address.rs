//! Reading an address: what the driver understands, and what it leaves to us.

use url::form_urlencoded;

use crate::error::StoreError;

/// An address without what the driver does not know.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// What the driver is to read.
    pub(super) rest: String,
    pub(super) tls: bool,
    /// A file of certificates to trust instead of the system's.
    pub(super) root_certificates: Option<String>,
    /// Whether it says what a session must be able to do.
    pub(super) chooses_session: bool,
}

impl Address {
    pub(super) fn split(url: &str) -> Result<Address, StoreError> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(StoreError::options(
                "the address does not begin with postgres://",
                None,
            ));
        }
        // By hand: an address may name several hosts with ports, which is no URL by RFC 3986.
        let (place, query) = url.split_once('?').unwrap_or((url, ""));
        let mut kept = form_urlencoded::Serializer::new(String::new());
        let mut address = Address {
            rest: place.to_owned(),
            tls: false,
            root_certificates: None,
            chooses_session: false,
        };
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match key.as_ref() {
                "sslmode" => address.tls = wants_tls(&value)?,
                "sslrootcert" => address.root_certificates = Some(value.into_owned()),
                _ => {
                    address.chooses_session |= key == "target_session_attrs";
                    kept.append_pair(&key, &value);
                }
            }
        }
        // The driver reads `+` as itself.
        let kept = kept.finish().replace('+', "%20");
        if !kept.is_empty() {
            address.rest = format!("{place}?{kept}");
        }
        Ok(address)
    }
}

/// Encrypted means that it is known to whom, too; an encryption that may be stripped is refused.
fn wants_tls(mode: &str) -> Result<bool, StoreError> {
    match mode {
        "disable" => Ok(false),
        "require" | "verify-ca" | "verify-full" => Ok(true),
        _ => Err(StoreError::options(
            "sslmode is to be disable, require or verify-full",
            None,
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_driver_does_not_know_is_taken_out() {
        let url = "postgres://a:b%20c@one:1,two:2/db?sslmode=verify-full&options=-c%20x%3D1\
                   &sslrootcert=%2Fetc%2Froot.pem&target_session_attrs=any";
        let expected = Address {
            rest: "postgres://a:b%20c@one:1,two:2/db?options=-c%20x%3D1&target_session_attrs=any"
                .to_owned(),
            tls: true,
            root_certificates: Some("/etc/root.pem".to_owned()),
            chooses_session: true,
        };
        assert_eq!(Address::split(url).unwrap(), expected);
    }

    #[test]
    fn an_address_without_options_stays_as_it_is() {
        let address = Address::split("postgresql://a@one/db").unwrap();
        assert_eq!(address.rest, "postgresql://a@one/db");
        assert!(!address.tls && !address.chooses_session);
    }

    #[test]
    fn encryption_is_on_or_off() {
        let tls = |mode: &str| {
            Address::split(&format!("postgres://a@one/db?sslmode={mode}")).map(|it| it.tls)
        };
        assert!(tls("require").unwrap() && tls("verify-ca").unwrap());
        assert!(!tls("disable").unwrap());
        assert!(tls("prefer").is_err() && tls("allow").is_err() && tls("").is_err());
    }

    #[test]
    fn something_else_is_no_address() {
        for url in ["", "keyfob.db", "mysql://a@one/db", "host=one user=a"] {
            assert!(
                matches!(Address::split(url), Err(StoreError::Options { .. })),
                "{url}"
            );
        }
    }
}
