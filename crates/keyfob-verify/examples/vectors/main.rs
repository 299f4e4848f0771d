//! Writes the test vectors: `cargo run -p keyfob-verify --example vectors`.
//!
//! To run it again changes nothing: signatures that still fit are kept, because ES256 has chance in it.

mod accepted;
mod claims;
mod forge;
mod form;
mod header;
mod keys;
mod signature;

use std::error::Error;
use std::fs;
use std::path::Path;

use forge::{Case, Forge};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let forge = Forge::load(&folder)?;
    let accepted = accepted::cases(&forge)?;
    let refused = [
        header::cases(&forge)?,
        form::cases(&forge)?,
        signature::cases(&forge)?,
        claims::cases(&forge)?,
    ]
    .concat();
    let example = accepted.first().ok_or("no example")?;
    fs::write(folder.join("example.jwt"), format!("{}\n", example.token))?;
    fs::write(folder.join("jwks.json"), pretty(&forge.keys.jwks()?)?)?;
    fs::write(folder.join("accepted.json"), pretty(&accepted)?)?;
    fs::write(folder.join("refused.json"), pretty::<Vec<Case>>(&refused)?)?;
    Ok(())
}

fn pretty<T: serde::Serialize>(value: &T) -> Result<String, Box<dyn Error>> {
    Ok(format!("{}\n", serde_json::to_string_pretty(value)?))
}
