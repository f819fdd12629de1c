use super::*;

fn rewritten(sql: &str) -> String {
    let guarded = guard(sql);
    assert_eq!(guarded.again, Again::Harmless, "{sql}");
    guarded.sql
}

#[test]
fn forms_that_have_if_exists_get_it() {
    for (sql, expected) in [
        (
            "CREATE TABLE public.a ()",
            "CREATE TABLE IF NOT EXISTS public.a ()",
        ),
        (
            "CREATE UNIQUE INDEX CONCURRENTLY i ON s.t (a)",
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON s.t (a)",
        ),
        (
            "CREATE INDEX IF NOT EXISTS i ON s.t (a)",
            "CREATE INDEX IF NOT EXISTS i ON s.t (a)",
        ),
        (
            "CREATE VIEW v AS SELECT 1",
            "CREATE OR REPLACE VIEW v AS SELECT 1",
        ),
        (
            "DROP INDEX CONCURRENTLY s.i",
            "DROP INDEX CONCURRENTLY IF EXISTS s.i",
        ),
        (
            "DROP MATERIALIZED VIEW s.i",
            "DROP MATERIALIZED VIEW IF EXISTS s.i",
        ),
        (
            "ALTER TABLE t ADD COLUMN a int DEFAULT f(1, 2), ADD COLUMN b int",
            "ALTER TABLE t ADD COLUMN IF NOT EXISTS a int DEFAULT f(1, 2), ADD COLUMN IF NOT EXISTS b int",
        ),
        (
            "ALTER TABLE ONLY s.t DROP CONSTRAINT c",
            "ALTER TABLE IF EXISTS ONLY s.t DROP CONSTRAINT IF EXISTS c",
        ),
        (
            "ALTER TABLE s.t ALTER COLUMN a DROP IDENTITY",
            "ALTER TABLE s.t ALTER COLUMN a DROP IDENTITY IF EXISTS",
        ),
        (
            "ALTER TYPE s.e ADD VALUE 'x' AFTER 'y'",
            "ALTER TYPE s.e ADD VALUE IF NOT EXISTS 'x' AFTER 'y'",
        ),
    ] {
        assert_eq!(rewritten(sql), expected);
    }
}

#[test]
fn other_forms_look_into_the_catalog() {
    for (sql, part) in [
        (
            "ALTER TABLE s.t ADD CONSTRAINT \"C\" CHECK (a > 0)",
            "conname = 'C'",
        ),
        (
            "ALTER TABLE s.t ATTACH PARTITION s.p DEFAULT",
            "inhrelid = to_regclass('s.p')",
        ),
        ("CREATE TYPE s.e AS ENUM ('a')", "to_regtype('s.e') IS NULL"),
        ("CREATE TYPE s.\"E\"", "t.typname = 'E') IS NULL"),
        (
            "CREATE TYPE s.e (INPUT = s.i)",
            "t.typname = 'e') IS NOT TRUE",
        ),
        (
            "CREATE TYPE s.e AS RANGE (SUBTYPE = integer)",
            "n.nspname = 's' AND t.typname = 'e') IS NOT TRUE",
        ),
        (
            "ALTER INDEX s.\"I\" RENAME TO j",
            "to_regclass('s.\"I\"') IS NOT NULL AND to_regclass('s.j') IS NULL",
        ),
        (
            "ALTER TABLE s.t RENAME COLUMN a TO b",
            "attname = 'a' AND NOT attisdropped) AND NOT EXISTS",
        ),
        (
            "ALTER TABLE s.t ALTER COLUMN a TYPE numeric(10,2) USING (a * 100)",
            "IS DISTINCT FROM 'numeric(10,2)'",
        ),
    ] {
        match guard(sql).again {
            Again::When(condition) => assert!(condition.contains(part), "{condition}"),
            other => panic!("{sql}: {other:?}"),
        }
    }
}

#[test]
fn what_is_not_known_is_open() {
    for sql in [
        "UPDATE t SET a = 1",
        "ALTER SEQUENCE s RESTART WITH 5",
        "ALTER TABLE t ALTER COLUMN a RESTART",
        "ALTER TABLE t ADD CHECK (a > 0)",
        "DO $$ BEGIN END $$",
        "",
        "ALTER",
    ] {
        assert_eq!(guard(sql).again, Again::Open, "{sql}");
    }
}
