use super::*;

fn named(what: &'static str, subject: &str) -> Class {
    Class::Unmodeled {
        what,
        subject: subject.to_owned(),
    }
}

#[test]
fn rows_and_maintenance_are_data() {
    for sql in [
        "INSERT INTO t VALUES (1)",
        "/* x */ TRUNCATE t",
        "with x as (select 1) insert into t select * from x",
        "SELECT pg_catalog.setval('s', 1, true)",
        "REFRESH MATERIALIZED VIEW v",
        "copy t to stdout",
        "prepare p as select 1",
    ] {
        assert_eq!(classify(sql), Class::Data, "{sql}");
    }
}

#[test]
fn settings_are_replayed_and_transactions_skipped() {
    for sql in [
        "SET search_path = a",
        "set local x to 1",
        "RESET ALL",
        "SELECT pg_catalog.set_config('search_path', '', false)",
    ] {
        assert_eq!(classify(sql), Class::Session, "{sql}");
    }
    for sql in [
        "BEGIN",
        "end",
        "savepoint a",
        "set constraints all deferred",
        "lock t",
    ] {
        assert_eq!(classify(sql), Class::Transaction, "{sql}");
    }
}

#[test]
fn what_reaches_beyond_the_database_is_refused() {
    for sql in [
        "COPY t FROM PROGRAM 'id'",
        "copy (select 1) to '/tmp/x'",
        "copy t (a, b) from '/etc/passwd'",
        "load 'x'",
        "import foreign schema a from server b into c",
        "alter system set a = 1",
        "set role postgres",
        "SET LOCAL ROLE x",
        "set session session authorization x",
        "set \"role\" = 'x'",
        "reset role",
        "SET SESSION AUTHORIZATION DEFAULT",
        "select set_config('role', 'postgres', false)",
        "create language plpython3u",
        "discard all",
        "alter table t owner to pg_write_server_files",
        "alter function f(int) owner to \"pg_read_server_files\"",
    ] {
        assert!(matches!(classify(sql), Class::Refused { .. }), "{sql}");
    }
}

#[test]
fn only_a_lone_owner_action_is_one_of_its_own() {
    let named = |role: &str, subject: &str| Class::Owner {
        role: role.to_owned(),
        subject: subject.to_owned(),
    };
    assert_eq!(
        classify("ALTER TABLE ONLY public.\n orders OWNER TO \"Bob\""),
        named("Bob", "TABLE ONLY public. orders")
    );
    assert_eq!(
        classify("alter function f(int, int) owner to current_user"),
        named("current_user", "function f(int, int)")
    );
    assert_eq!(
        classify("ALTER SCHEMA public OWNER TO pg_database_owner"),
        named("pg_database_owner", "SCHEMA public")
    );
    for sql in [
        "alter table t owner to a, add column b int",
        "alter table t add column b int, owner to a",
        "alter table t rename column owner to a",
        "alter table t rename owner to a",
        "alter table t add column owner int",
    ] {
        assert_eq!(classify(sql), Class::Ddl, "{sql}");
    }
}

#[test]
fn what_is_not_modelled_is_named() {
    assert_eq!(classify("grant admin to bob"), named("grant", "admin"));
    for (sql, subject) in [
        ("grant connect on database d to y", "database d"),
        ("revoke usage on language c from y", "language c"),
        (
            "grant execute on function pg_catalog.now() to y",
            "function pg_catalog.now()",
        ),
        (
            "grant select on a, pg_stat_statements to y",
            "a, pg_stat_statements",
        ),
    ] {
        assert_eq!(classify(sql), named("grant", subject), "{sql}");
    }
    assert_eq!(
        classify("create role bob login password 'secret'"),
        named("role", "ROLE bob")
    );
    assert_eq!(
        classify("drop database if exists d"),
        named("database", "DATABASE d")
    );
    assert_eq!(
        classify("comment on extension plpgsql is 'y'"),
        named("comment", "extension plpgsql")
    );
    assert_eq!(
        classify("security label for p on role t is 'x'"),
        named("security label", "role t")
    );
    assert_eq!(
        classify("security label for p on table t is 'x'"),
        Class::Ddl
    );
    assert!(matches!(
        classify("security label on table t is 'x'"),
        Class::Refused { .. }
    ));
}

#[test]
fn privileges_are_granted_and_known_as_such() {
    for (sql, what, subject) in [
        (
            "GRANT SELECT (a), UPDATE ON TABLE x TO y",
            "grant",
            "TABLE x",
        ),
        (
            "revoke all on function f(a pg_catalog.int4, pg_lsn) from public",
            "grant",
            "function f(a pg_catalog.int4, pg_lsn)",
        ),
        (
            "alter default privileges in schema a grant select on tables to b",
            "default privileges",
            "in schema a grant select on tables to b",
        ),
    ] {
        let subject = subject.to_owned();
        assert_eq!(classify(sql), Class::Grant { what, subject }, "{sql}");
    }
}

#[test]
fn everything_else_is_executed() {
    for sql in [
        "create schema a create table t ()",
        "do $$ begin end $$",
        "select 1",
        "create user mapping for a server b",
        "comment on table t is 'x'",
        "comment on extension x is 'y'",
        "cluster t using i",
        "create or replace procedural language plpgsql",
        "garbage",
        "",
        "1",
    ] {
        assert_eq!(classify(sql), Class::Ddl, "{sql}");
    }
}

#[test]
fn an_extension_gives_its_schema_and_version() {
    let expected = Class::Extension {
        name: "uuid-ossp".to_owned(),
        schema: Some("public".to_owned()),
        version: Some("1.1".to_owned()),
    };
    let sql =
        "create extension if not exists \"uuid-ossp\" with schema public version '1.1' cascade";
    assert_eq!(classify(sql), expected);
}

#[test]
fn the_search_path_gives_the_schema_of_new_objects() {
    let schema = |sql| search_path(sql).map(|s| s.unwrap_or_default());
    assert_eq!(
        schema("set search_path = App, public").as_deref(),
        Some("app")
    );
    assert_eq!(
        schema("set search_path to \"$user\", pg_catalog, x").as_deref(),
        Some("x")
    );
    assert_eq!(
        schema("set local search_path to 'a, b'").as_deref(),
        Some("a, b")
    );
    assert_eq!(
        schema("select pg_catalog.set_config('search_path', 'a, b', false)").as_deref(),
        Some("a")
    );
    assert_eq!(
        schema("select set_config('search_path', '', false)").as_deref(),
        Some("")
    );
    assert_eq!(schema("reset search_path").as_deref(), Some(""));
    assert_eq!(schema("set schema 'x'").as_deref(), Some("x"));
    assert_eq!(schema("set work_mem = 1"), None);
}
