//! What operators call the dashboard, and how it looks as theirs: a name, a logo, an accent colour.
//!
//! The stylesheet clamps the accent's lightness, so that any colour stays readable; here it is only made
//! sure that it is a colour, and that the logo is a picture and not a page.

use std::sync::Arc;

/// Most characters of the name: it stands beside the logo.
const NAME_MAX: usize = 40;
/// Most bytes of a logo: it is 26 pixels high.
pub const LOGO_MAX: usize = 64 * 1024;
/// How every PNG begins (PNG, third edition, §5.2).
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
/// What a picture must not hold: it is served from our own origin.
const ACTIVE: [&str; 4] = ["<script", "<foreignobject", "javascript:", " on"];

/// Why something is no part of a brand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadBrand {
    /// Empty, too long, or with control characters.
    #[error("a name of 1 to {NAME_MAX} characters is needed")]
    Name,
    /// No colour in six digits.
    #[error("a colour as #rrggbb is needed")]
    Accent,
    /// Neither PNG nor SVG, or too large.
    #[error("a PNG or SVG file of at most 64 KiB is needed")]
    Logo,
    /// An SVG file with script in it.
    #[error("the SVG file holds script or foreign content")]
    ActiveLogo,
}

/// A colour as `#rrggbb`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accent(String);

impl Accent {
    /// Reads a colour.
    ///
    /// # Errors
    /// [`BadBrand::Accent`].
    pub fn parse(text: &str) -> Result<Self, BadBrand> {
        let digits = text.strip_prefix('#').ok_or(BadBrand::Accent)?;
        let is_hex = digits.chars().all(|digit| digit.is_ascii_hexdigit());
        if digits.len() == 6 && is_hex {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(BadBrand::Accent)
        }
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The stylesheet that sets it, served after ours.
    pub fn stylesheet(&self) -> String {
        format!(":root {{ --accent: {}; }}\n", self.0)
    }
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo {
    /// Its media type.
    pub media_type: &'static str,
    /// The file.
    pub bytes: Arc<[u8]>,
}

impl Logo {
    /// Takes the bytes of a file.
    ///
    /// # Errors
    /// [`BadBrand::Logo`], [`BadBrand::ActiveLogo`].
    pub fn read(bytes: &[u8]) -> Result<Self, BadBrand> {
        if bytes.len() > LOGO_MAX {
            return Err(BadBrand::Logo);
        }
        let media_type = if bytes.starts_with(PNG) {
            "image/png"
        } else {
            let text = std::str::from_utf8(bytes).map_err(|_no_text| BadBrand::Logo)?;
            let text = text.to_ascii_lowercase();
            if !text.contains("<svg") {
                return Err(BadBrand::Logo);
            }
            if ACTIVE.iter().any(|active| text.contains(active)) {
                return Err(BadBrand::ActiveLogo);
            }
            "image/svg+xml"
        };
        Ok(Self {
            media_type,
            bytes: Arc::from(bytes),
        })
    }
}

/// An operator's brand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brand {
    /// What it is called.
    pub name: String,
    /// The accent colour; none: the stylesheet's own.
    pub accent: Option<Accent>,
    /// The logo; none: Keyfob's.
    pub logo: Option<Logo>,
}

impl Default for Brand {
    fn default() -> Self {
        Self {
            name: "Keyfob".to_owned(),
            accent: None,
            logo: None,
        }
    }
}

impl Brand {
    /// Reads a name.
    ///
    /// # Errors
    /// [`BadBrand::Name`].
    pub fn name(text: &str) -> Result<String, BadBrand> {
        let text = text.trim();
        let count = text.chars().count();
        if (1..=NAME_MAX).contains(&count) && !text.chars().any(char::is_control) {
            Ok(text.to_owned())
        } else {
            Err(BadBrand::Name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accent_is_six_hexadecimal_digits_and_nothing_that_leaves_the_rule() {
        let accent = Accent::parse("#0B6e4f").expect("a colour");
        assert_eq!(accent.stylesheet(), ":root { --accent: #0b6e4f; }\n");
        for bad in [
            "",
            "#fff",
            "0b6e4f",
            "red",
            "#0b6e4g",
            "#0b6e4f; }",
            "#0b6e4f0",
        ] {
            assert_eq!(Accent::parse(bad), Err(BadBrand::Accent), "{bad}");
        }
    }

    #[test]
    fn a_logo_is_a_picture_without_script() {
        let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><path d=\"M0 0\"/></svg>";
        assert_eq!(Logo::read(svg).expect("a logo").media_type, "image/svg+xml");
        let png = [PNG, b"rest"].concat();
        assert_eq!(Logo::read(&png).expect("a logo").media_type, "image/png");
        for active in [
            "<svg><script>x</script></svg>",
            "<svg ONLOAD=\"x\"></svg>",
            "<svg><a href=\"javascript:x\"/></svg>",
            "<svg><foreignObject/></svg>",
        ] {
            assert_eq!(Logo::read(active.as_bytes()), Err(BadBrand::ActiveLogo));
        }
        for bad in [&b"<html></html>"[..], b"\xff\xd8\xff", b""] {
            assert_eq!(Logo::read(bad), Err(BadBrand::Logo));
        }
        assert_eq!(Logo::read(&vec![b'a'; LOGO_MAX + 1]), Err(BadBrand::Logo));
    }

    #[test]
    fn a_name_fits_beside_the_logo() {
        assert_eq!(
            Brand::name(" Larkspur Keys "),
            Ok("Larkspur Keys".to_owned())
        );
        for bad in ["", " ", "a\nb", &"x".repeat(41)] {
            assert_eq!(Brand::name(bad), Err(BadBrand::Name));
        }
    }
}
