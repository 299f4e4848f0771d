use std::io::Write as _;
use std::time::Duration;

use keyfob_core::foreign::Foreign;

use super::*;
use crate::document::Node;

#[path = "edge_tests.rs"]
mod edge;
#[path = "mail_tests.rs"]
mod mail;

struct Setting {
    file: &'static str,
    variables: Vec<(&'static str, &'static str)>,
    flags: Vec<(&'static str, &'static str, &'static str)>,
}

fn load(setting: Setting) -> Result<Config, String> {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(setting.file.as_bytes()).expect("written");
    let overrides = Overrides {
        file: Some(file.path().to_owned()),
        flags: setting
            .flags
            .into_iter()
            .map(|(a, b, c)| (a, b, c.to_owned()))
            .collect(),
    };
    let variables = setting
        .variables
        .into_iter()
        .map(|(a, b)| (a.into(), b.into()));
    let shown = file.path().display().to_string();
    let config = Config::layered(overrides, variables);
    config.map_err(|error| error.to_string().replace(&shown, "keyfob.toml"))
}

fn file(file: &'static str) -> Result<Config, String> {
    load(Setting {
        file,
        variables: vec![],
        flags: vec![],
    })
}

fn variables<const N: usize>(
    variables: [(&'static str, &'static str); N],
) -> Result<Config, String> {
    load(Setting {
        file: "",
        variables: variables.to_vec(),
        flags: vec![],
    })
}

fn flag(flag: &'static str, key: &'static str, value: &'static str) -> Result<Config, String> {
    load(Setting {
        file: "",
        variables: vec![],
        flags: vec![(flag, key, value)],
    })
}

#[test]
fn the_defaults_are_those_of_the_contract() {
    let config = file("").expect("good");
    assert_eq!(config.listen.to_string(), "127.0.0.1:8787");
    assert!(config.listen_is_default);
    assert_eq!(config.metrics, MetricsListen::Default);
    assert_eq!(config.public_url, None);
    assert!(!config.insecure_http);
    assert_eq!(config.data_dir, PathBuf::from("./keyfob-data"));
    assert!(matches!(config.database, DatabaseConfig::Embedded));
    assert!(!config.allow_asynchronous_commit);
    assert_eq!(config.root_key_file, None);
    assert_eq!(config.policy, Policy::default());
    assert_eq!(config.tokens.prefix.as_str(), "kfpat_");
    assert!(config.tokens.foreign.is_empty());
    let log = LogConfig {
        format: LogFormat::Text,
        filter: "info".to_owned(),
    };
    assert_eq!(config.log, log);
    // The address that the code gives way from is the one that the file names.
    let written: Node = Node::from_toml(DEFAULTS).expect("TOML");
    let raw: RawConfig = written.read().expect("complete");
    assert_eq!(raw.http.metrics_listen, MetricsListen::DEFAULT.to_string());
}

#[test]
fn every_key_that_is_commented_out_exists() {
    let is_key =
        |line: &str| line.starts_with("# ") && (line.contains(" = ") || line.starts_with("# ["));
    let uncommented = |line: &str| match line {
        line if is_key(line) => line.replacen("# ", "", 1),
        line => line.to_owned(),
    };
    let all: Vec<String> = DEFAULTS.lines().map(uncommented).collect();
    let node = Node::from_toml(&all.join("\n")).expect("TOML");
    let raw: RawConfig = node.read().expect("known keys only");
    // And there is no other: each of them has a value now, but for the audience of "default", which is
    // always the issuer.
    let shown = format!("{raw:?}").replacen("audience: None", "", 1);
    assert!(!shown.contains("None"), "{shown}");
    assert_eq!(raw.tokens.foreign.len(), 1);
}

#[test]
fn the_later_layer_wins() {
    let setting = |variables, flags| Setting {
        file: "data_dir = \"/file\"\n[policy]\npat_limit = 2\nsession_idle = \"1h\"",
        variables,
        flags,
    };
    let config = load(setting(vec![], vec![])).expect("good");
    assert_eq!(config.data_dir, PathBuf::from("/file"));
    assert_eq!(config.policy.pat_limit, 2);
    let environment = vec![
        ("KEYFOB__DATA_DIR", "/environment"),
        ("KEYFOB__POLICY__PAT_LIMIT", "3"),
        ("KEYFOB__POLICY__PAT_EXPIRY_REQUIRED", "true"),
        ("KEYFOB_OTHER", "not ours"),
        ("PATH", "/bin"),
    ];
    let config = load(setting(environment.clone(), vec![])).expect("good");
    assert_eq!(config.data_dir, PathBuf::from("/environment"));
    assert_eq!(config.policy.pat_limit, 3);
    assert!(config.policy.pat_expiry.required);
    assert_eq!(
        config.policy.session_idle,
        Duration::from_hours(1),
        "from the file"
    );
    let flags = vec![("--data-dir", "data_dir", "/flag")];
    let config = load(setting(environment, flags)).expect("good");
    assert_eq!(config.data_dir, PathBuf::from("/flag"));
}

fn assert_refused<const N: usize>(cases: [(Result<Config, String>, &str); N]) {
    for (config, sentence) in cases {
        assert_eq!(config.map(|_| ()), Err(sentence.to_owned()));
    }
}

#[test]
fn what_is_not_known_or_of_another_kind_is_named_with_where_it_was_set() {
    assert_refused([
        (
            file("[http]\nlisen = \"::1\""),
            "http.lisen (from keyfob.toml): not known; known here: listen, public_url, \
             insecure_http, tls_cert, tls_key, trusted_proxies, connection_limit, \
             connection_limit_per_client, metrics_listen",
        ),
        (
            file("[policies]\npat_limit = 1"),
            "policies (from keyfob.toml): not known; known here: data_dir, root_key_file, \
             http, database, tokens, policy, resource_server, dashboard, mail, log",
        ),
        (
            variables([("KEYFOB__DATABASE__PASSWROD", "hunter2")]),
            "database.passwrod (from KEYFOB__DATABASE__PASSWROD): not known; known here: \
             url, password, password_file, allow_asynchronous_commit",
        ),
        (
            file("http = 1"),
            "http (from keyfob.toml): must be an object with named members",
        ),
        (
            file("[policy]\npat_limit = \"many\""),
            "policy.pat_limit (from keyfob.toml): must be a whole number",
        ),
    ]);
}

#[test]
fn a_value_that_cannot_be_is_named_with_where_it_was_set() {
    assert_refused([
        (
            file("[policy]\npat_limit = 0"),
            "policy.pat_limit (from keyfob.toml): must be 1 to 100",
        ),
        (
            file("[policy]\nsession_idle = 30"),
            "policy.session_idle (from keyfob.toml): must be a text",
        ),
        (
            file("[policy]\nsession_idle = \"30\""),
            "policy.session_idle (from keyfob.toml): a time is a whole number with a unit \
             (s, m, h or d), such as \"15m\", \"12h\" or \"30d\"",
        ),
        (
            file("resource_server.default.lifetime = \"25h\""),
            "resource_server.default.lifetime (from keyfob.toml): must be 1 minute to 24 \
             hours",
        ),
        (
            flag("--listen", "http.listen", "localhost"),
            "http.listen (from --listen): not an IP address with a port, such as \
             127.0.0.1:8787 or [::]:8787",
        ),
        (
            flag("--public-url", "http.public_url", "keyfob"),
            "http.public_url (from --public-url): not a URL; write one such as \
             https://keyfob.example.com",
        ),
        (
            file("[tokens]\nprefix = \"Kf_\""),
            "tokens.prefix (from keyfob.toml): a token prefix is a letter a-z, then 1 to \
             15 of a-z and 0-9, then an underscore",
        ),
        (
            file("[log]\nformat = \"xml\""),
            "log.format (from keyfob.toml): must be one of: text, json",
        ),
        (
            file("data_dir = \"\""),
            "data_dir (from keyfob.toml): an empty path",
        ),
        (
            file("data_dir = "),
            "the configuration file keyfob.toml is no TOML: line 1: string values must be \
             quoted, expected literal string",
        ),
    ]);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let overrides = Overrides {
        file: Some(PathBuf::from("/nowhere/keyfob.toml")),
        flags: vec![],
    };
    let error = Config::layered(overrides, [])
        .map(|_| ())
        .expect_err("refused")
        .to_string();
    assert!(error.starts_with("the configuration file /nowhere/keyfob.toml cannot be read: "));
}

#[test]
fn an_unrecognised_database_is_refused_and_a_password_is_no_argument() {
    let refused = |config: Result<Config, String>| config.map(|_| ()).expect_err("refused");
    for url in [
        "sqlite:keyfob.db",
        "mysql://db",
        "keyfob.db",
        "Postgres://db",
        "",
    ] {
        let error = refused(flag("--database", "database.url", url));
        assert_eq!(
            error,
            "database.url (from --database): write postgres://… or \"embedded\""
        );
    }
    let error = refused(flag(
        "--database",
        "database.url",
        "postgres://me:hunter2@db/k",
    ));
    assert!(
        error.contains("database.password_file") && !error.contains("hunter2"),
        "{error}"
    );
    let from_environment = [("KEYFOB__DATABASE__URL", "postgres://me:hunter2@db/k")];
    let config = variables(from_environment).expect("there it may stand");
    assert!(matches!(config.database, DatabaseConfig::Postgres { .. }));
    assert!(!format!("{config:?}").contains("hunter2"));
    let two = "database = { url = \"postgres://me:hunter2@db\", password = \"hunter3\" }";
    assert!(!refused(file(two)).contains("hunter"));
    assert!(!refused(file("database.password = \"hunter2\"")).contains("hunter"));
    assert!(!refused(file("[database]\npassword = 12345")).contains("12345"));
}

#[test]
fn a_secret_is_given_itself_or_by_a_file_and_not_both() {
    let mut secret = tempfile::NamedTempFile::new().expect("a file");
    secret.write_all(b"hunter2 \r\n").expect("written");
    let origins = || {
        Layers::defaults()
            .and_then(Layers::read)
            .map(|(_raw, origins)| origins)
    };
    let read = |given: Option<&str>, file: Option<&std::path::Path>| {
        let given = given.map(|text| SecretText::new(text.to_owned()));
        let file = file.map(|path| path.display().to_string());
        let secret = secret_of("database.password", given, file, &origins()?)?;
        Ok::<_, ConfigError>(secret.map(|secret| secret.expose().to_owned()))
    };
    assert_eq!(read(None, None), Ok(None));
    assert_eq!(read(Some("hunter2"), None), Ok(Some("hunter2".to_owned())));
    assert_eq!(
        read(None, Some(secret.path())),
        Ok(Some("hunter2 ".to_owned()))
    );
    assert!(read(Some("hunter2"), Some(secret.path())).is_err());
    assert!(read(Some(""), None).is_err());
    assert!(read(None, Some(std::path::Path::new("/nowhere/password"))).is_err());
}

#[test]
fn tokens_of_another_system_have_their_pattern_checked() {
    let good = "[tokens.foreign.old]\npattern = \"^old_[0-9a-f]{40}$\"\nhash = \"sha512\"";
    let config = file(good).expect("good");
    assert_eq!(
        config.tokens.foreign.first().map(Foreign::name),
        Some("old")
    );
    let short = "[tokens.foreign.old]\npattern = \"^old_[0-9a-f]{4}$\"\nhash = \"sha256\"";
    let error = file(short).map(|_| ()).expect_err("refused");
    assert!(
        error.starts_with("tokens.foreign.old.pattern (from keyfob.toml): "),
        "{error}"
    );
    let half = "[tokens.foreign.old]\nhash = \"sha256\"";
    let error = file(half).map(|_| ()).expect_err("refused");
    assert_eq!(
        error,
        "tokens.foreign.old.pattern (from keyfob.toml): missing"
    );
}

#[test]
fn the_issuer_is_the_public_url_or_a_loopback_address() {
    let bound = |text: &str| text.parse::<SocketAddr>().expect("an address");
    let plain = file("").expect("good");
    assert_eq!(
        issuer(&plain, bound("127.0.0.1:1234")).as_deref(),
        Ok("http://127.0.0.1:1234")
    );
    assert_eq!(
        issuer(&plain, bound("[::1]:1234")).as_deref(),
        Ok("http://[::1]:1234")
    );
    assert!(issuer(&plain, bound("0.0.0.0:1234")).is_err());
    let public = file("http.public_url = \"https://keyfob.example.com/\"").expect("good");
    let issued = issuer(&public, bound("0.0.0.0:1234"));
    assert_eq!(issued.as_deref(), Ok("https://keyfob.example.com"));
    assert!(file("http.public_url = \"http://keyfob.example.com\"").is_err());
    assert!(file("http.public_url = \"http://localhost:8787\"").is_ok());
    let meant = "http = { public_url = \"http://keyfob.example.com\", insecure_http = true }";
    assert!(file(meant).is_ok());
}

#[test]
fn metrics_are_off_or_somewhere() {
    let metrics = |value| flag("--metrics-listen", "http.metrics_listen", value);
    assert_eq!(metrics("off").map(|it| it.metrics), Ok(MetricsListen::Off));
    let asked = metrics("127.0.0.1:8788").map(|it| it.metrics);
    assert_eq!(
        asked,
        Ok(MetricsListen::At(MetricsListen::DEFAULT)),
        "asked for, it does not give way"
    );
    assert!(metrics("on").is_err());
}

#[test]
fn the_explanation_tells_everything_but_secrets() {
    let config = file(
        "root_key_file = \"/etc/root.key\"\n[database]\nurl = \"postgres://me:hunter2@db/keyfob\"\n\
         [http]\nlisten = \"0.0.0.0:80\"\n[policy]\npat_expiry_max = \"365d\"\n[mail]\n\
         server = \"smtps://mail.example\"\nfrom = \"Keys <keys@example.org>\"\nuser = \"keys\"\n\
         password = \"hunter2\"",
    );
    insta::assert_snapshot!(explain(&config.expect("good")).join("\n"), @r"
    It listens on 0.0.0.0:80.
    It speaks HTTP: TLS is the business of a proxy in front.
    No public URL is set: `serve` will refuse to start, because it would listen on an address that others reach.
    The address of a client is the one that its connection comes from.
    There may be 2048 connections at once, 256 of one client.
    Metrics are at http://127.0.0.1:8788/metrics, or at the next free port.
    The database is PostgreSQL at postgres://me:…@db/keyfob; other local files are in ./keyfob-data.
    The root key is read from /etc/root.key.
    Personal API tokens begin with kfpat_.
    A member can have 10 tokens in one organization.
    The expiry of a token is not required; by default none, at most 365 days.
    A rotated token lives on for 1 day, or as chosen: at most 7 days.
    Root organizations are made by the operator.
    Making a credential needs a sign-in within the last 15 minutes.
    A session ends after 30 minutes without use, and after 12 hours at the latest.
    A key signs access tokens for 90 days.
    An address can be refused 60 exchanges in a minute, and 10 sign-ins to one account in 15 minutes.
    An access token for default (audience: the issuer) lives for 1 hour and is signed with ES256.
    The dashboard is called Keyfob.
    Mail goes to mail.example:465 by TLS as keys, from Keys <keys@example.org>.
    Log events (info) go to standard error as text.
    ");
}
