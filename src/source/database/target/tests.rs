//! What inputs come to, without a server.

use super::*;

fn env(pairs: &[(&str, &str)]) -> Environment {
    let owned = pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    owned.collect()
}

fn resolve(url: &str, pairs: &[(&str, &str)]) -> Result<Target, ConnectError> {
    Target::resolve(url, &env(pairs))
}

#[test]
fn a_url_wins_over_the_environment() {
    let pairs = [
        ("PGHOST", "b"),
        ("PGPORT", "1"),
        ("PGUSER", "u"),
        ("PGPASSWORD", "p"),
    ];
    let target = resolve("postgres://a%40x@h:2/d%2Fb", &pairs).unwrap();
    assert_eq!(target.hosts[0].full(), "h:2");
    assert_eq!(
        (target.user.as_str(), target.database.as_str()),
        ("a@x", "d/b")
    );
    assert_eq!(target.password.as_deref(), Some("p"));
    let target = resolve("postgres://", &pairs).unwrap();
    assert_eq!(
        (target.hosts[0].full().as_str(), target.database.as_str()),
        ("b:1", "u")
    );
}

#[test]
fn several_hosts_pair_with_their_ports() {
    let target = resolve("postgres://u@a:1,[::1],b:3/d", &[]).unwrap();
    let shown: Vec<_> = target.hosts.iter().map(Host::full).collect();
    assert_eq!(shown, ["a:1", "[::1]:5432", "b:3"]);
    assert!(resolve("postgres://u@a,b,c/d?port=1,2", &[]).is_err());
}

#[test]
fn a_socket_folder_is_a_host() {
    let target = resolve("postgres:///shop?host=/run/x&user=u", &[("PGPORT", "6")]).unwrap();
    assert!(target.hosts[0].is_socket());
    assert_eq!(target.hosts[0].full(), "/run/x/.s.PGSQL.6");
}

#[test]
fn a_bad_url_is_named_without_its_password() {
    for url in [
        "postgres://u:secret%@h/d",
        "postgres://u:sec/ret@h/d",
        "postgres://u:sec?ret@h/d",
        "postgres://u:secret@h/d?sslmod=require",
        "postgres://u:secret@h:99999/d",
        "postgres://u:secret@h/d?sslcrl=/x",
        "postgres://u:secret@h/d?sslmode=maybe",
        "postgres://u:secret@h/d?sslmode=require&sslrootcert=system",
        "postgres://u:secret@h/d?connect_timeout=soon",
    ] {
        let error = resolve(url, &[]).err().unwrap();
        let shown = format!("{error} {error:?} {:?}", error.help());
        let parts = ["secret", "sec/", "sec?", "ret@"];
        assert!(!parts.iter().any(|p| shown.contains(p)), "{shown}");
    }
    let error = resolve("postgres://h/d?sslmod=require", &[]).err().unwrap();
    assert!(error.help().unwrap().contains("sslmode"));
}

#[test]
fn a_service_file_stands_between_url_and_environment() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("services");
    fs::write(&file, "# x\n[shop]\nhost=s\nport=7\n[other]\nhost=o\n").unwrap();
    let file = file.to_str().unwrap();
    let pairs = [
        ("PGSERVICE", "shop"),
        ("PGSERVICEFILE", file),
        ("PGPORT", "9"),
    ];
    let target = resolve("postgres://u@/d", &pairs).unwrap();
    assert_eq!(target.hosts[0].full(), "s:7");
    assert!(matches!(
        resolve("postgres://u@/d?service=none", &pairs[1..]),
        Err(ConnectError::NoService { .. })
    ));
}

/// `user:password@hosts/database`, and what differs from the defaults.
fn shown(target: &Target) -> String {
    let hosts: Vec<String> = target.hosts.iter().map(Host::full).collect();
    let password = target.password.as_ref().map(|p| format!(":{p}"));
    let mut text = format!(
        "{}{}@{}/{}",
        target.user,
        password.unwrap_or_default(),
        hosts.join(","),
        target.database
    );
    if target.tls.mode != Mode::Prefer {
        text.push_str(&format!(" {:?}", target.tls.mode));
    }
    if let Some(roots) = &target.tls.roots {
        text.push_str(&format!(" roots={}", roots.display()));
    }
    if target.session != TargetSessionAttrs::Any {
        text.push_str(&format!(" {:?}", target.session));
    }
    if target.prefers_standby {
        text.push_str(" PreferStandby");
    }
    if target.timeout != Some(DEFAULT_TIMEOUT) {
        text.push_str(&format!(" {:?}", target.timeout));
    }
    if let Some(options) = &target.options {
        text.push_str(&format!(" options={options}"));
    }
    if let Some(passfile) = &target.passfile {
        text.push_str(&format!(" passfile={}", passfile.display()));
    }
    text
}

#[test]
fn inputs_come_to_what_libpq_makes_of_them() {
    type Row<'r> = (&'r str, &'r [(&'r str, &'r str)], &'r str);
    let rows: &[Row<'_>] = &[
        // The URL alone.
        ("postgres://u@h/d", &[], "u@h:5432/d"),
        ("postgresql://u:p@h:7/d", &[], "u:p@h:7/d"),
        ("postgres://u%40x:a%3Ab@h/d%2Fe", &[], "u@x:a:b@h:5432/d/e"),
        ("postgres://u@h", &[], "u@h:5432/u"),
        ("postgres://u@[::1]:7/d", &[], "u@[::1]:7/d"),
        (
            "postgres://u@%2Frun%2Fpg/d",
            &[],
            "u@/run/pg/.s.PGSQL.5432/d",
        ),
        (
            "postgres:///d?user=u&host=/run/pg&port=6",
            &[],
            "u@/run/pg/.s.PGSQL.6/d",
        ),
        ("postgres://u@h/d?ssl=true", &[], "u@h:5432/d Require"),
        (
            "postgres://u@a:1,b,c:3/d?target_session_attrs=read-write",
            &[],
            "u@a:1,b:5432,c:3/d ReadWrite",
        ),
        (
            "postgres://u@a,b/d?target_session_attrs=primary",
            &[],
            "u@a:5432,b:5432/d ReadWrite",
        ),
        (
            "postgres://u@a,b/d?target_session_attrs=prefer-standby",
            &[],
            "u@a:5432,b:5432/d PreferStandby",
        ),
        (
            "postgres://u@h/d?sslmode=verify-full&sslrootcert=/ca.pem",
            &[],
            "u@h:5432/d VerifyFull roots=/ca.pem",
        ),
        (
            "postgres://u@h/d?sslrootcert=system",
            &[],
            "u@h:5432/d VerifyFull",
        ),
        (
            "postgres://u@h/d?connect_timeout=3",
            &[],
            "u@h:5432/d Some(3s)",
        ),
        ("postgres://u@h/d?connect_timeout=0", &[], "u@h:5432/d None"),
        (
            "postgres://u@h/d?options=-c%20work_mem%3D1MB",
            &[],
            "u@h:5432/d options=-c work_mem=1MB",
        ),
        // Key and value.
        ("host=h user=u dbname=d port=7", &[], "u@h:7/d"),
        ("host = h user=u  dbname = 'my d'", &[], "u@h:5432/my d"),
        (
            r"host=h user=u password='it\'s \\ me' dbname=d",
            &[],
            r"u:it's \ me@h:5432/d",
        ),
        (r"host=h user=a\ b dbname=d", &[], "a b@h:5432/d"),
        ("host=a,b port=1,2 user=u dbname=d", &[], "u@a:1,b:2/d"),
        (
            "host=h user=u dbname=d password=''",
            &[("PGPASSWORD", "p")],
            "u:p@h:5432/d",
        ),
        // The environment gives what is left out.
        (
            "postgres://",
            &[
                ("PGHOST", "h"),
                ("PGPORT", "7"),
                ("PGUSER", "u"),
                ("PGDATABASE", "d"),
                ("PGPASSWORD", "p"),
            ],
            "u:p@h:7/d",
        ),
        (
            "postgres://x@y/z",
            &[("PGHOST", "h"), ("PGUSER", "u"), ("PGDATABASE", "d")],
            "x@y:5432/z",
        ),
        (
            "user=x",
            &[("PGHOST", "h"), ("PGDATABASE", "d")],
            "x@h:5432/d",
        ),
        (
            "postgres://u@/d",
            &[("PGHOST", "a,b"), ("PGPORT", "1,2")],
            "u@a:1,b:2/d",
        ),
        (
            "postgres://u@/d",
            &[("PGHOST", "h"), ("PGHOSTADDR", "10.0.0.1")],
            "u@h:5432/d",
        ),
        (
            "postgres://u@h/d",
            &[("PGSSLMODE", "verify-ca"), ("PGSSLROOTCERT", "/r.pem")],
            "u@h:5432/d VerifyCa roots=/r.pem",
        ),
        (
            "postgres://u@h/d?sslmode=disable",
            &[("PGSSLMODE", "require")],
            "u@h:5432/d Disable",
        ),
        (
            "postgres://u@h/d",
            &[("PGTARGETSESSIONATTRS", "standby")],
            "u@h:5432/d ReadOnly",
        ),
        (
            "postgres://u@h/d",
            &[("PGCONNECT_TIMEOUT", "4")],
            "u@h:5432/d Some(4s)",
        ),
        (
            "postgres://u@h/d",
            &[("PGOPTIONS", "-c x=1")],
            "u@h:5432/d options=-c x=1",
        ),
        // Password files.
        (
            "postgres://u@h/d",
            &[("HOME", "/home/u")],
            "u@h:5432/d passfile=/home/u/.pgpass",
        ),
        (
            "postgres://u@h/d",
            &[("HOME", "/home/u"), ("PGPASSFILE", "/p")],
            "u@h:5432/d passfile=/p",
        ),
        (
            "host=h user=u dbname=d passfile=/q",
            &[("PGPASSFILE", "/p")],
            "u@h:5432/d passfile=/q",
        ),
        // What has another name here has no effect: the name of our sessions is fixed.
        (
            "postgres://u@h/d?application_name=x",
            &[("PGAPPNAME", "y")],
            "u@h:5432/d",
        ),
    ];
    for (url, pairs, expected) in rows {
        let resolved = resolve(url, pairs).map(|target| shown(&target));
        assert_eq!(
            resolved.unwrap_or_else(|e| e.to_string()),
            *expected,
            "{url} {pairs:?}"
        );
    }
}

#[test]
fn what_would_make_libpq_stricter_is_refused() {
    for name in ["PGREQUIREAUTH", "PGSSLCRL"] {
        let error = resolve("postgres://u@h/d", &[(name, "x")]).err().unwrap();
        assert!(
            matches!(error, ConnectError::UnsupportedParameter { .. }),
            "{error:?}"
        );
    }
}

#[test]
fn a_conninfo_that_cannot_be_read_is_named_without_its_password() {
    for text in [
        "host=h password='secret",
        "host=h password=secret sslmod=require",
        "host=h password=secret port",
        "host=h password=secret =x",
    ] {
        let error = resolve(text, &[]).err().unwrap();
        let shown = format!("{error} {error:?} {:?}", error.help());
        assert!(!shown.contains("secret"), "{shown}");
    }
}
