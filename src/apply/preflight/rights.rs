//! What the role may do, with the GRANT for what it may not.

use super::{Finding, Level, split};
use crate::apply::{ApplyError, Options, ledger};
use crate::kinds::{Grant, KindTag, ObjectId, Owner};
use crate::pg::{Ident, LockMode, Qualified};
use crate::plan::{Document, Fill, StatementEvidence, StepRecord};
use crate::source::reader::Reader;
use crate::sql;
use postgres::Client;
use std::collections::BTreeSet;

/// The relations that the plan touches, as schema and name.
pub(super) fn touched(plan: &Document) -> Vec<Qualified> {
    let of = |id: &ObjectId| match (id.kind, id.path.as_slice()) {
        (
            KindTag::Table
            | KindTag::View
            | KindTag::MaterializedView
            | KindTag::Sequence
            | KindTag::Column
            | KindTag::Constraint
            | KindTag::Trigger
            | KindTag::Policy
            | KindTag::PublicationTable
            | KindTag::Rule
            | KindTag::Index
            | KindTag::Attachment
            | KindTag::IndexAttachment
            | KindTag::ReplicaIdentity,
            [schema, name, ..],
        ) => Some(Qualified::new(schema.as_str(), name.as_str())),
        _ => None,
    };
    let found: BTreeSet<Qualified> = touches(plan).iter().filter_map(of).collect();
    found.into_iter().collect()
}

/// What the plan touches; a grant touches what it is on.
fn touches(plan: &Document) -> Vec<ObjectId> {
    let of = |id: &ObjectId| match id.kind {
        KindTag::Grant => Grant::target_of(id).unwrap_or_else(|| id.clone()),
        KindTag::Owner => Owner::target_of(id).unwrap_or_else(|| id.clone()),
        _ => id.clone(),
    };
    plan.touches.iter().map(of).collect()
}

/// Without USAGE on the schema of a relation nothing can be asked about it.
pub(super) fn schemas_in_reach(
    client: &mut Client,
    relations: &[Qualified],
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    const QUERY: &str = "
        SELECT n.nspname::text, current_user::text FROM pg_catalog.pg_namespace n
         WHERE n.nspname = ANY ($1::pg_catalog.text[]) AND NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE')
         ORDER BY 1";
    let schemas: BTreeSet<&str> = relations.iter().map(|r| r.schema.raw()).collect();
    let schemas: Vec<&str> = schemas.into_iter().collect();
    let rows = client
        .query(QUERY, &[&schemas])
        .map_err(ApplyError::ledger)?;
    for row in rows {
        let (schema, role): (String, String) = (row.get(0), row.get(1));
        let (schema, role) = (Ident::new(schema), Ident::new(role));
        let message = format!("role {role} may not look into schema {schema}");
        findings.push(
            Finding::new(Level::Refuse, "preflight::schema_right", message)
                .help(sql!("GRANT USAGE ON SCHEMA {} TO {}", schema, role).to_string()),
        );
    }
    Ok(())
}

/// The roles that the statements name have to be there.
pub(super) fn roles(
    client: &mut Client,
    plan: &Document,
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    let names: Vec<&str> = plan.roles.iter().map(Ident::raw).collect();
    const MISSING: &str = "
        SELECT r FROM pg_catalog.unnest($1::pg_catalog.text[]) AS r
         WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles p WHERE p.rolname = r::pg_catalog.name)";
    let rows = match names.is_empty() {
        true => Vec::new(),
        false => client
            .query(MISSING, &[&names])
            .map_err(ApplyError::ledger)?,
    };
    for row in rows {
        let role = Ident::new(row.get::<_, String>(0));
        findings.push(
            Finding::new(
                Level::Refuse,
                "preflight::role_missing",
                format!("the role {role} does not exist here, and statements of the plan name it"),
            )
            .help(sql!("CREATE ROLE {} NOLOGIN", role).to_string()),
        );
    }
    Ok(())
}

pub(super) fn owners(
    client: &mut Client,
    plan: &Document,
    relations: &[Qualified],
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    const OWNERS: &str = "
        SELECT
            n.nspname::pg_catalog.text,
            c.relname::pg_catalog.text,
            pg_catalog.pg_get_userbyid(c.relowner)::pg_catalog.text,
            current_user::pg_catalog.text
        FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS t(schema, name)
            JOIN pg_catalog.pg_namespace n ON n.nspname = t.schema
            JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = t.name
        WHERE NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
        ORDER BY 1, 2";
    let (schemas, names) = split(relations);
    let rows = client
        .query(OWNERS, &[&schemas, &names])
        .map_err(ApplyError::ledger)?;
    for row in rows {
        let name = Qualified::new(row.get::<_, String>(0), row.get::<_, String>(1));
        let (owner, role): (String, String) = (row.get(2), row.get(3));
        findings.push(not_owner(&name.to_string(), &owner, &role));
    }
    owners_of_others(client, plan, findings)
}

fn not_owner(name: &str, owner: &str, role: &str) -> Finding {
    let grant = sql!("GRANT {} TO {}", Ident::new(owner), Ident::new(role));
    let message = format!("{name} belongs to {owner}, and role {role} is not a member of it");
    Finding::new(Level::Refuse, "preflight::not_owner", message).help(grant.to_string())
}

// What is no relation is altered and dropped by its owner alone, too.
fn owners_of_others(
    client: &mut Client,
    plan: &Document,
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    const TYPES: &str = "
        SELECT pg_catalog.format_type(t.oid, NULL), pg_catalog.pg_get_userbyid(t.typowner)::pg_catalog.text, current_user::pg_catalog.text
        FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS w(schema, name)
            JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
            JOIN pg_catalog.pg_type t ON t.typnamespace = n.oid AND t.typname = w.name
        WHERE NOT pg_catalog.pg_has_role(t.typowner, 'USAGE')
        ORDER BY 1";
    const FUNCTIONS: &str = "
        SELECT p.oid::pg_catalog.regprocedure::pg_catalog.text, pg_catalog.pg_get_userbyid(p.proowner)::pg_catalog.text, current_user::pg_catalog.text
        FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS w(schema, name)
            JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
            -- The name with the argument types: name(integer). to_regprocedure() fails before 16 where a type is still to come.
            JOIN pg_catalog.pg_proc p
                ON p.pronamespace = n.oid
                AND p.proname || '(' || pg_catalog.oidvectortypes(p.proargtypes) || ')' = w.name
        WHERE NOT pg_catalog.pg_has_role(p.proowner, 'USAGE')
        ORDER BY 1";
    // What is called by schema and name.
    let owned = |catalog: &str, name: &str, namespace: &str, owner: &str| {
        format!(
            "SELECT pg_catalog.format('%I.%I', n.nspname, o.{name}), pg_catalog.pg_get_userbyid(o.{owner})::pg_catalog.text, current_user::pg_catalog.text
            FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS w(schema, name)
                JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
                JOIN pg_catalog.{catalog} o ON o.{namespace} = n.oid AND o.{name} = w.name
            WHERE NOT pg_catalog.pg_has_role(o.{owner}, 'USAGE')
            ORDER BY 1"
        )
    };
    const OPERATORS: &str = "
        SELECT o.oid::pg_catalog.regoperator::pg_catalog.text, pg_catalog.pg_get_userbyid(o.oprowner)::pg_catalog.text, current_user::pg_catalog.text
        FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS w(schema, name)
            JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
            -- The name with the argument types: =(integer,text).
            JOIN pg_catalog.pg_operator o
                ON o.oprnamespace = n.oid
                AND o.oprname || '(' || CASE o.oprleft WHEN 0 THEN 'NONE' ELSE pg_catalog.format_type(o.oprleft, NULL) END
                    || ',' || pg_catalog.format_type(o.oprright, NULL) || ')' = w.name
        WHERE NOT pg_catalog.pg_has_role(o.oprowner, 'USAGE')
        ORDER BY 1";
    // Who owns one of its types may make and drop a cast.
    const CASTS: &str = "
        SELECT w.schema || ' AS ' || w.name, pg_catalog.pg_get_userbyid(s.typowner)::pg_catalog.text, current_user::pg_catalog.text
        FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS w(schema, name)
            JOIN pg_catalog.pg_type s ON s.oid = pg_catalog.to_regtype(w.schema)::pg_catalog.oid
            JOIN pg_catalog.pg_type t ON t.oid = pg_catalog.to_regtype(w.name)::pg_catalog.oid
        WHERE NOT pg_catalog.pg_has_role(s.typowner, 'USAGE') AND NOT pg_catalog.pg_has_role(t.typowner, 'USAGE')
        ORDER BY 1";
    const SCHEMAS: &str = "
        SELECT n.nspname::pg_catalog.text, pg_catalog.pg_get_userbyid(n.nspowner)::pg_catalog.text, current_user::pg_catalog.text
        FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS w(schema, name)
            JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
        WHERE NOT pg_catalog.pg_has_role(n.nspowner, 'USAGE')
        ORDER BY 1";
    let questions = [
        TYPES.to_owned(),
        FUNCTIONS.to_owned(),
        OPERATORS.to_owned(),
        CASTS.to_owned(),
        owned("pg_collation", "collname", "collnamespace", "collowner"),
        owned("pg_conversion", "conname", "connamespace", "conowner"),
        owned("pg_ts_dict", "dictname", "dictnamespace", "dictowner"),
        owned("pg_ts_config", "cfgname", "cfgnamespace", "cfgowner"),
        SCHEMAS.to_owned(),
    ];
    let mut asked: [(Vec<&str>, Vec<String>); 9] = Default::default();
    let touches = touches(plan);
    for id in &touches {
        let (question, schema, name) = match (id.kind, id.path.as_slice()) {
            (kind, [schema, name, ..]) if kind.is_type() => (0, schema, name.clone()),
            (kind, [schema, name, arguments, ..]) if kind.is_routine() => {
                let arguments = arguments.trim_matches('*');
                (1, schema, format!("{name}({arguments})"))
            }
            (KindTag::Operator, [schema, name, left, right]) => {
                (2, schema, format!("{name}({left},{right})"))
            }
            (KindTag::Cast, [_, source, target]) => (3, source, target.clone()),
            (KindTag::Collation, [schema, name]) => (4, schema, name.clone()),
            (KindTag::Conversion, [schema, name]) => (5, schema, name.clone()),
            (KindTag::TextSearchDictionary, [schema, name]) => (6, schema, name.clone()),
            (KindTag::TextSearchConfiguration, [schema, name]) => (7, schema, name.clone()),
            (KindTag::Schema, [schema]) => (8, schema, schema.clone()),
            _ => continue,
        };
        asked[question].0.push(schema.as_str());
        asked[question].1.push(name);
    }
    of_the_database(client, plan, findings)?;
    let questions = questions.iter().zip(asked);
    for (query, (schemas, names)) in questions.filter(|(_, (schemas, _))| !schemas.is_empty()) {
        let rows = client.query(query, &[&schemas, &names]);
        for row in rows.map_err(ApplyError::ledger)? {
            let (name, owner, role): (String, String, String) =
                (row.get(0), row.get(1), row.get(2));
            findings.push(not_owner(&name, &owner, &role));
        }
    }
    Ok(())
}

// What is in no schema.
fn of_the_database(
    client: &mut Client,
    plan: &Document,
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    const QUERY: &str = "
        SELECT o.what, o.name::pg_catalog.text, pg_catalog.pg_get_userbyid(o.owner)::pg_catalog.text, current_user::pg_catalog.text
        FROM (
            SELECT 'publication', p.pubname, p.pubowner FROM pg_catalog.pg_publication p
            UNION ALL
            SELECT 'server', s.srvname, s.srvowner FROM pg_catalog.pg_foreign_server s
            UNION ALL
            SELECT 'subscription', s.subname, s.subowner FROM pg_catalog.pg_subscription s
             WHERE s.subdbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
            UNION ALL
            SELECT 'foreign data wrapper', w.fdwname, w.fdwowner FROM pg_catalog.pg_foreign_data_wrapper w
            UNION ALL
            SELECT 'language', l.lanname, l.lanowner FROM pg_catalog.pg_language l
            UNION ALL
            SELECT 'event trigger', e.evtname, e.evtowner FROM pg_catalog.pg_event_trigger e
        ) AS o (what, name, owner)
            JOIN ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS w(what, name)
                ON w.what = o.what AND w.name = o.name
        WHERE NOT pg_catalog.pg_has_role(o.owner, 'USAGE')
        ORDER BY 1, 2";
    let (mut whats, mut names) = (Vec::new(), Vec::new());
    let touches = touches(plan);
    for id in &touches {
        let (what, name) = match id.kind {
            KindTag::Publication | KindTag::PublicationTable | KindTag::PublicationSchema => {
                ("publication", id.path.last())
            }
            KindTag::ForeignServer | KindTag::UserMapping => ("server", id.path.first()),
            KindTag::ForeignDataWrapper => ("foreign data wrapper", id.path.first()),
            KindTag::Subscription => ("subscription", id.path.first()),
            KindTag::EventTrigger => ("event trigger", id.path.first()),
            KindTag::Language => ("language", id.path.first()),
            _ => continue,
        };
        names.extend(name.map(String::as_str));
        whats.push(what);
    }
    if names.is_empty() {
        return Ok(());
    }
    let rows = client
        .query(QUERY, &[&whats, &names])
        .map_err(ApplyError::ledger)?;
    for row in rows {
        let (what, name, owner, role): (String, String, String, String) =
            (row.get(0), row.get(1), row.get(2), row.get(3));
        let name = format!("{what} {}", Ident::new(name));
        findings.push(not_owner(&name, &owner, &role));
    }
    Ok(())
}

/// What an owner of the objects may still lack.
pub(super) fn others(
    client: &mut Client,
    left: &[&StepRecord],
    relations: &[Qualified],
    options: &Options,
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    databases(client, left, options, findings)?;
    schemas(client, left, findings)?;
    foreign(client, left, findings)?;
    referenced(client, left, relations, findings)
}

// A schema is made by who may make one in the database: the ledger's, and those of the plan.
fn databases(
    client: &mut Client,
    left: &[&StepRecord],
    options: &Options,
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    const QUERY: &str = "
        SELECT
            pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'),
            EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1)";
    let ledger_schema = &options.ledger_schema;
    let row = client
        .query_one(QUERY, &[&ledger_schema.raw()])
        .map_err(ApplyError::ledger)?;
    if row.get(0) {
        return Ok(());
    }
    let mut wanted = Vec::new();
    if !row.get::<_, bool>(1) {
        wanted.push(format!("the schema {ledger_schema} of the ledger"));
    }
    let makes = |s: &&&StepRecord| {
        let publication = s.object.kind == KindTag::Publication && s.operation == "create";
        publication || s.operation == "create schema"
    };
    let made = left.iter().filter(makes);
    wanted.extend(made.map(|step| step.object.to_string()));
    for what in wanted {
        findings.push(
            Finding::new(
                Level::Refuse,
                "preflight::database_right",
                format!("role has no right to create {what}"),
            )
            .help(ledger::grant_create(client)),
        );
    }
    Ok(())
}

// Making and renaming anything in a schema needs CREATE there, an index on one's own table as well.
fn schemas(
    client: &mut Client,
    left: &[&StepRecord],
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    const QUERY: &str = "
        SELECT n.nspname::pg_catalog.text, current_user::pg_catalog.text
        FROM pg_catalog.pg_namespace n
        WHERE n.nspname = ANY ($1::pg_catalog.text[])
            AND NOT (
                pg_catalog.has_schema_privilege(n.oid, 'USAGE')
                AND pg_catalog.has_schema_privilege(n.oid, 'CREATE')
            )
        ORDER BY 1";
    const MAKING: [&str; 8] = [
        "create",
        "recreate",
        "rename",
        "retire table",
        "swap index",
        "build materialized view",
        "swap materialized view",
        "swap table",
    ];
    let makes = |step: &StepRecord| {
        let builds = |s: &StatementEvidence| !s.index_builds.is_empty();
        MAKING.iter().any(|word| step.operation.starts_with(word))
            && step.operation != "rename column"
            || step.evidence.statements.iter().any(builds)
    };
    let schemas: BTreeSet<&str> = left
        .iter()
        .filter(|step| {
            let in_schema = !is_elsewhere(&step.object);
            makes(step) && step.object.path.len() > 1 && in_schema
        })
        .map(|step| step.object.path[0].as_str())
        .collect();
    let schemas: Vec<&str> = schemas.into_iter().collect();
    let rows = client
        .query(QUERY, &[&schemas])
        .map_err(ApplyError::ledger)?;
    for row in rows {
        let (schema, role): (String, String) = (row.get(0), row.get(1));
        let (schema, role) = (Ident::new(schema), Ident::new(role));
        findings.push(
            Finding::new(
                Level::Refuse,
                "preflight::schema_right",
                format!("role {role} may not create anything in schema {schema}"),
            )
            .help(sql!("GRANT USAGE, CREATE ON SCHEMA {} TO {}", schema, role).to_string()),
        );
    }
    Ok(())
}

// A server is made by who may use its wrapper, a foreign table by who may use its server.
fn foreign(
    client: &mut Client,
    left: &[&StepRecord],
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    const WRAPPER: &str = "
        SELECT current_user::pg_catalog.text FROM pg_catalog.pg_foreign_data_wrapper w
        WHERE w.fdwname = $1::pg_catalog.text AND NOT pg_catalog.has_foreign_data_wrapper_privilege(w.oid, 'USAGE')";
    const SERVER: &str = "
        SELECT current_user::pg_catalog.text FROM pg_catalog.pg_foreign_server s
        WHERE s.srvname = $1::pg_catalog.text AND NOT pg_catalog.has_server_privilege(s.oid, 'USAGE')";
    let mut used: BTreeSet<(bool, String)> = BTreeSet::new();
    for statement in left.iter().flat_map(|step| &step.statements) {
        let mut reader = Reader::new(&statement.sql);
        if reader.eat(&["create", "server"]) {
            reader.skip_until(|r| r.sees(&["wrapper"]));
            reader.advance();
            used.extend(reader.ident().map(|name| (true, name)));
        } else if reader.eat(&["create", "foreign", "table"]) {
            reader.skip_until(|r| r.sees(&["server"]));
            reader.advance();
            used.extend(reader.ident().map(|name| (false, name)));
        }
    }
    for (wrapper, name) in used {
        let query = if wrapper { WRAPPER } else { SERVER };
        let row = client
            .query_opt(query, &[&name])
            .map_err(ApplyError::ledger)?;
        let Some(row) = row else { continue };
        let (name, role) = (Ident::new(name), Ident::new(row.get::<_, String>(0)));
        let (what, grant) = match wrapper {
            true => (
                "foreign data wrapper",
                sql!("GRANT USAGE ON FOREIGN DATA WRAPPER {} TO {}", name, role),
            ),
            false => (
                "server",
                sql!("GRANT USAGE ON FOREIGN SERVER {} TO {}", name, role),
            ),
        };
        findings.push(
            Finding::new(
                Level::Refuse,
                "preflight::foreign_right",
                format!("role {role} may not use {what} {name}"),
            )
            .help(grant.to_string()),
        );
    }
    Ok(())
}

/// What makes nothing in the schema that its path may begin with.
fn is_elsewhere(id: &ObjectId) -> bool {
    matches!(
        id.kind,
        KindTag::PublicationTable | KindTag::PublicationSchema | KindTag::UserMapping
    )
}

// The table that a foreign key refers to may be somebody else's. It is the one that is locked and not touched.
fn referenced(
    client: &mut Client,
    left: &[&StepRecord],
    relations: &[Qualified],
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    const QUERY: &str = "
        SELECT w.name, current_user::pg_catalog.text
        FROM pg_catalog.unnest($1::pg_catalog.text[]) AS w(name)
            JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(w.name)::pg_catalog.oid
        WHERE c.relkind IN ('r', 'p')
            AND NOT pg_catalog.has_table_privilege(c.oid, 'REFERENCES')
            AND NOT pg_catalog.has_any_column_privilege(c.oid, 'REFERENCES')
        ORDER BY 1";
    let own: BTreeSet<String> = relations.iter().map(ToString::to_string).collect();
    let statements = left.iter().flat_map(|step| &step.evidence.statements);
    let locked: BTreeSet<&str> = statements
        .flat_map(|s| &s.locks)
        .filter(|(name, mode)| **mode == LockMode::ShareRowExclusive && !own.contains(*name))
        .map(|(name, _)| name.as_str())
        .collect();
    let locked: Vec<&str> = locked.into_iter().collect();
    let rows = client
        .query(QUERY, &[&locked])
        .map_err(ApplyError::ledger)?;
    for row in rows {
        let (name, role): (String, String) = (row.get(0), row.get(1));
        findings.push(
            Finding::new(
                Level::Refuse,
                "preflight::references_right",
                format!("role {role} may not make a foreign key to {name}"),
            )
            .help(format!(
                "GRANT REFERENCES ON {name} TO {}",
                Ident::new(role)
            )),
        );
    }
    Ok(())
}

// Where policies judge the role's own statements, a backfill ends with 42501 (row_security is off in our
// sessions, so that it never skips a row silently).
pub(super) fn row_security(
    client: &mut Client,
    left: &[&StepRecord],
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    const QUERY: &str = "
        SELECT name, current_user::pg_catalog.text
        FROM pg_catalog.unnest($1::pg_catalog.text[]) AS t(name)
        WHERE pg_catalog.row_security_active(pg_catalog.to_regclass(name)::pg_catalog.oid)
        ORDER BY 1";
    let tables: BTreeSet<String> = left.iter().flat_map(|step| rows_of(step)).collect();
    let tables: Vec<String> = tables.into_iter().collect();
    let rows = client
        .query(QUERY, &[&tables])
        .map_err(ApplyError::ledger)?;
    for row in rows {
        let (table, role): (String, String) = (row.get(0), row.get(1));
        let bypass = sql!("ALTER ROLE {} BYPASSRLS", Ident::new(role.as_str()));
        findings.push(
            Finding::new(
                Level::Refuse,
                "preflight::row_security",
                format!(
                    "row-level security of {table} applies to role {role}: it would hide rows from \
                     the statements of the plan that read or write them"
                ),
            )
            .help(format!(
                "{bypass}, for the time of the plan, or another role"
            )),
        );
    }
    Ok(())
}

/// The tables whose rows a step reads or writes by its own queries.
fn rows_of(step: &StepRecord) -> BTreeSet<String> {
    let mut tables = BTreeSet::new();
    if let Some(backfill) = &step.backfill {
        tables.insert(backfill.table.to_string());
        if let Fill::Insert { into, .. } = &backfill.work {
            tables.insert(into.to_string());
        }
    }
    let copies = step.operation == "back up";
    for evidence in &step.evidence.statements {
        let locks = evidence.locks.iter();
        let queried = locks.filter(|(_, mode)| match mode {
            LockMode::RowExclusive => true,
            LockMode::AccessShare => copies,
            _ => false,
        });
        tables.extend(queried.map(|(table, _)| table.clone()));
    }
    tables
}
