use clap::CommandFactory;

use super::*;

fn parse(line: &str) -> Result<Cli, clap::error::ErrorKind> {
    Cli::try_parse_from(line.split(' ')).map_err(|error| error.kind())
}

#[test]
fn the_tree_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn every_flag_of_the_configuration_reaches_it() {
    let line = "keyfobd serve --data-dir d --database b --root-key-file r --config c --listen l \
                --public-url p --tls-cert t --tls-key k --metrics-listen m --insecure-http";
    let cli = parse(line).expect("good");
    let overrides = cli.overrides();
    assert_eq!(overrides.file, Some(PathBuf::from("c")));
    let flags: Vec<_> = overrides
        .flags
        .iter()
        .map(|(flag, key, _)| (*flag, *key))
        .collect();
    assert_eq!(flags, FLAGS);
    let values = |overrides: Overrides| -> String {
        let values = overrides.flags.into_iter();
        values.map(|(_flag, _key, value)| value).collect()
    };
    assert_eq!(values(overrides), "dbrlptkmtrue");
    let line = "keyfobd doctor --listen l --public-url p --metrics-listen m";
    assert_eq!(values(parse(line).expect("good").overrides()), "lpm");
    assert_eq!(
        parse("keyfobd migrate").expect("good").overrides(),
        Overrides::default()
    );
}

#[test]
fn global_flags_stand_before_or_behind_the_command() {
    for line in [
        "keyfobd --data-dir x user suspend a",
        "keyfobd user suspend a --data-dir x",
    ] {
        let cli = parse(line).expect("good");
        assert_eq!(cli.global.data_dir.as_deref(), Some("x"), "{line}");
    }
}

#[test]
fn flags_that_do_not_go_together_are_refused() {
    use clap::error::ErrorKind::{ArgumentConflict, MissingRequiredArgument};
    for (line, why) in [
        ("keyfobd serve --json", MissingRequiredArgument),
        ("keyfobd import", MissingRequiredArgument),
        ("keyfobd import f --discard", ArgumentConflict),
        (
            "keyfobd user set-password a --password-stdin --password-file f",
            ArgumentConflict,
        ),
        ("keyfobd user add a", MissingRequiredArgument),
    ] {
        assert_eq!(parse(line).map(|_cli| ()), Err(why), "{line}");
    }
    assert!(parse("keyfobd import --discard").is_ok() && parse("keyfobd import -").is_ok());
}
