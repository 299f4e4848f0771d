//! What the tests of pages need beside the server: Chromium with its driver, and axe-core.
//!
//! The browser comes from the distribution. axe-core comes from npm, at one version whose hash is known
//! here; it is kept in the target folder, so it is fetched once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use aws_lc_rs::digest::{SHA512, digest};
use data_encoding::BASE64;

use crate::install::{Wanted, install, path_folders};
use crate::process::run;

/// Where the tests look for these. Their absence makes them fail.
const CHROMEDRIVER_VARIABLE: &str = "KEYFOB_TEST_CHROMEDRIVER";
const CHROMIUM_VARIABLE: &str = "KEYFOB_TEST_CHROMIUM";
const AXE_VARIABLE: &str = "KEYFOB_TEST_AXE";

const CHROMIUM: Wanted = Wanted {
    name: "Chromium",
    packages: [
        "chromium chromium-driver",
        "chromium chromedriver",
        "chromium chromium-chromedriver",
        "chromium",
        "chromium chromedriver",
    ],
    by_hand: "install it so that `chromium` and `chromedriver` are in PATH",
};

const NPM: Wanted = Wanted {
    name: "npm",
    packages: ["npm", "nodejs-npm", "npm", "npm", "node"],
    by_hand: "install Node.js so that `npm` is in PATH",
};

/// What the browser's program is called, by distribution.
const BROWSERS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
];

/// Folders of packages that keep chromedriver out of `PATH`.
const FOLDERS: [&str; 3] = [
    "/usr/lib/chromium",
    "/usr/lib/chromium-browser",
    "/usr/lib64/chromium-browser",
];

/// axe-core, as npm knows it: `npm view axe-core@VERSION dist.integrity`.
const AXE: &str = "axe-core";
const AXE_VERSION: &str = "4.14.1";
const AXE_SHA512: &str =
    "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==";

/// A browser and its driver, of one installation.
#[derive(Debug)]
pub(crate) struct Browser {
    chromium: PathBuf,
    chromedriver: PathBuf,
}

impl Browser {
    /// Finds Chromium, or installs it.
    pub(crate) fn find_or_install() -> anyhow::Result<Self> {
        if let Some(browser) = Self::find() {
            return Ok(browser);
        }
        install(&CHROMIUM)?;
        Self::find().context("Chromium was installed, but it or `chromedriver` is nowhere")
    }

    fn find() -> Option<Self> {
        Some(Self {
            chromium: BROWSERS.into_iter().find_map(program)?,
            chromedriver: program("chromedriver")?,
        })
    }

    /// Tells a command where they are.
    pub(crate) fn tell(&self, command: &mut Command) {
        command
            .env(CHROMIUM_VARIABLE, &self.chromium)
            .env(CHROMEDRIVER_VARIABLE, &self.chromedriver);
    }
}

/// Tells a command where axe-core is, which is fetched if it is not there.
pub(crate) fn tell_axe(command: &mut Command) -> anyhow::Result<()> {
    let own = std::env::current_exe().context("cannot tell where this program is")?;
    let target = own.parent().and_then(Path::parent);
    let target = target.context("this program is in no target folder")?;
    let folder = target.join(format!("{AXE}-{AXE_VERSION}"));
    let script = folder.join("package/axe.min.js");
    if !script.is_file() {
        fetch_axe(target, &folder)?;
    }
    command.env(AXE_VARIABLE, script);
    Ok(())
}

/// Fetches axe-core. The folder gets its name only when all is in it and is what it should be.
fn fetch_axe(target: &Path, folder: &Path) -> anyhow::Result<()> {
    if program("npm").is_none() {
        install(&NPM)?;
    }
    let workshop = tempfile::Builder::new().prefix(AXE).tempdir_in(target)?;
    let mut npm = Command::new("npm");
    npm.args(["pack", "--silent", "--ignore-scripts"]);
    npm.arg(format!("{AXE}@{AXE_VERSION}"))
        .current_dir(workshop.path());
    run(&mut npm).context("axe-core was not fetched; is there a network?")?;
    let archive = workshop.path().join(format!("{AXE}-{AXE_VERSION}.tgz"));
    let archive_bytes = fs::read(&archive)?;
    ensure!(
        is_axe(&archive_bytes),
        "npm gave another {AXE} {AXE_VERSION} than the one that is known here"
    );
    let mut tar = Command::new("tar");
    tar.arg("-xzf").arg(&archive).current_dir(workshop.path());
    run(tar.arg("package/axe.min.js"))?;
    // Another run may have been faster.
    let is_there = fs::rename(workshop.path(), folder).is_ok() || folder.is_dir();
    ensure!(is_there, "cannot make {}", folder.display());
    Ok(())
}

fn is_axe(archive: &[u8]) -> bool {
    BASE64.encode(digest(&SHA512, archive).as_ref()) == AXE_SHA512
}

fn program(name: &str) -> Option<PathBuf> {
    let folders = path_folders().into_iter();
    let folders = folders.chain(FOLDERS.iter().map(PathBuf::from));
    let mut places = folders.map(|folder| folder.join(name));
    places.find(|place| place.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_archive_is_not_taken_for_axe() {
        assert!(!is_axe(b"something else"));
        assert_eq!(BASE64.decode(AXE_SHA512.as_bytes()).unwrap().len(), 64);
    }

    #[test]
    fn a_program_is_found_in_the_path_and_one_that_is_nowhere_is_not() {
        assert!(program("sh").is_some());
        assert_eq!(program("no-such-program-anywhere"), None);
    }
}
