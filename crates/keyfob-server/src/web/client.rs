//! What a `User-Agent` says, in words: a guess for people, never a reason for anything.

use super::say;

/// Which system, by what its browsers call it; the first that fits.
const SYSTEMS: [(&str, &str, &str); 7] = [
    ("iPhone", "iPhone", "phone"),
    ("iPad", "iPad", "phone"),
    ("Android", "Android", "phone"),
    ("Windows", "Windows", "monitor"),
    ("Mac OS X", "macOS", "monitor"),
    ("CrOS", "ChromeOS", "monitor"),
    ("Linux", "Linux", "monitor"),
];
/// Which browser; most name others too, so the more special come first.
const BROWSERS: [(&str, &str); 6] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// What a client is, as far as it said.
pub(super) fn words(client: Option<&str>) -> Option<String> {
    client.map(|client| told(Some(client)).0)
}

/// What a client is, and the name of its icon.
pub(super) fn told(client: Option<&str>) -> (String, &'static str) {
    let Some(client) = client else {
        return (say::A_PROGRAM.to_owned(), "monitor");
    };
    let system = SYSTEMS
        .iter()
        .find(|(mark, _name, _icon)| client.contains(mark));
    let browser = BROWSERS.iter().find(|(mark, _name)| client.contains(mark));
    match (browser, system) {
        (Some((_, browser)), Some((_, system, icon))) => (say::browser_on(browser, system), icon),
        _program => {
            let first = client.split_whitespace().next().unwrap_or(client);
            (first.to_owned(), "monitor")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_told_with_its_system_and_a_program_by_its_first_word() {
        for (client, wanted) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36 Edg/130.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/130.0 Safari/537.36",
                "Chrome on macOS",
            ),
            ("curl/8.5.0", "curl/8.5.0"),
            ("ci bot", "ci"),
        ] {
            assert_eq!(told(Some(client)).0, wanted);
        }
        assert_eq!(told(None).0, "A program");
    }
}
