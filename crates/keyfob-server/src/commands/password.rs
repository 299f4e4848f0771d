//! How a command gets a password: from standard input, from a file, or asked for on a terminal.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read};

use anyhow::{Context, bail, ensure};
use zeroize::Zeroizing;

use crate::cli::PasswordArgs;
use crate::secret::SecretText;

/// Most bytes of a password: a file that was named by mistake is not read whole.
const PASSWORD_BYTES_MAX: u64 = 4096;

/// Reads the password that the flags point to. Whether it is good enough is the use case's business.
///
/// # Errors
/// When it cannot be read, is empty, or was not typed the same twice.
pub fn read(args: &PasswordArgs) -> anyhow::Result<SecretText> {
    let password = match &args.password_file {
        Some(path) => {
            let shown = path.display();
            let file = File::open(path).with_context(|| format!("cannot open {shown}"))?;
            first_line(file).with_context(|| format!("cannot read {shown}"))?
        }
        None if args.password_stdin => {
            first_line(io::stdin()).context("cannot read standard input")?
        }
        None if io::stdin().is_terminal() => typed()?,
        None => bail!("give the password by --password-stdin or --password-file"),
    };
    ensure!(!password.is_empty(), "the password is empty");
    Ok(password)
}

fn typed() -> anyhow::Result<SecretText> {
    let ask = |prompt: &str| rpassword::prompt_password(prompt).map(SecretText::new);
    let first = ask("Password: ").context("cannot read from the terminal")?;
    let again = ask("Once more: ").context("cannot read from the terminal")?;
    ensure!(first.expose() == again.expose(), "the two passwords differ");
    Ok(first)
}

fn first_line(from: impl Read) -> io::Result<SecretText> {
    // Reserved at once: growing would leave copies behind.
    let mut line = Zeroizing::new(String::with_capacity(4096));
    BufReader::new(from.take(PASSWORD_BYTES_MAX)).read_line(&mut line)?;
    Ok(SecretText::new(
        line.trim_end_matches(['\r', '\n']).to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::path::PathBuf;

    use super::*;

    fn from_file(text: &str) -> Result<String, String> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(text.as_bytes()).expect("written");
        let args = PasswordArgs {
            password_stdin: false,
            password_file: Some(file.path().to_owned()),
        };
        let password = read(&args).map_err(|error| error.to_string())?;
        Ok(password.expose().to_owned())
    }

    #[test]
    fn a_password_is_the_first_line_with_the_spaces_in_it() {
        assert_eq!(
            from_file(" pass word \r\nsecond"),
            Ok(" pass word ".to_owned())
        );
        assert_eq!(from_file("ü"), Ok("ü".to_owned()));
    }

    #[test]
    fn an_empty_password_and_a_missing_file_are_refused() {
        assert_eq!(from_file("\nx"), Err("the password is empty".to_owned()));
        let args = PasswordArgs {
            password_stdin: false,
            password_file: Some(PathBuf::from("/nowhere/x")),
        };
        assert_eq!(
            read(&args).expect_err("refused").to_string(),
            "cannot open /nowhere/x"
        );
    }
}
