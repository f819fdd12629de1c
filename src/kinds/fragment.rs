//! Query text shared by the kinds.

/// True for the schemas of the user: not the system's, not a session's temporary one.
pub const USER_SCHEMA: &str = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'";

/// The name of a role, the expression `name`; empty for the role of a scratch server, which stands for whoever
/// executes a plan and is called by chance.
pub fn role(name: &'static str) -> String {
    format!("CASE WHEN {name} ~ '^pgrh_(root_)?[0-9a-f]{{12}}$' THEN '' ELSE {name} END")
}

/// True for the type `t` of a user that is a base type, and not the type of the arrays of another.
pub const BASE_TYPE: &str = "t.oid >= 16384 AND t.typtype = 'b' AND t.typisdefined
    AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)";

/// Where base types, range types and shell types are: every table has an array type.
pub const OWN_INPUT: &str =
    "pg_type WHERE oid >= 16384 AND typtype IN ('b', 'p', 'r') AND typinput <> 'array_in'::regproc";

/// The storage parameters of the relation `c` as a sorted JSON array, those of its TOAST table as `toast.…`.
pub const STORAGE_PARAMETERS: &str = "
    (SELECT coalesce(json_agg(o ORDER BY o), '[]')
       FROM (SELECT unnest(c.reloptions) AS o
             UNION ALL
             SELECT 'toast.' || unnest(t.reloptions) FROM pg_class t WHERE t.oid = c.reltoastrelid) x)";

/// True for what no extension owns. `class` is the catalog, `oid` the expression.
pub fn not_member(class: &'static str, oid: &'static str) -> String {
    format!(
        "NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '{class}'::regclass \
         AND e.objid = {oid} AND e.deptype = 'e')"
    )
}

/// The names of columns of `table` as a JSON array, in the order of `numbers`, a set of
/// attribute numbers; 0 (an expression of an index) has none.
///
/// A look into the index for each number: a join reads all columns of the table every time.
pub fn column_names(table: &'static str, numbers: &'static str) -> String {
    format!(
        "coalesce((SELECT json_agg((SELECT a.attname FROM pg_attribute a
                                     WHERE a.attrelid = {table} AND a.attnum = x.num))
                     FROM {numbers} x(num) WHERE x.num <> 0), '[]')"
    )
}

/// `schema.name` of the function `oid`, null for none.
pub fn function_name(oid: &str) -> String {
    of_function(
        "quote_ident(fn.nspname) || '.' || quote_ident(f.proname)",
        oid,
    )
}

/// The same with its argument types.
pub fn function_signature(oid: &str) -> String {
    let signature = "quote_ident(fn.nspname) || '.' || quote_ident(f.proname) || '(' || oidvectortypes(f.proargtypes) || ')'";
    of_function(signature, oid)
}

/// The same as `{schema, name}`.
pub fn function_object(oid: &str) -> String {
    of_function(
        "json_build_object('schema', fn.nspname, 'name', f.proname)",
        oid,
    )
}

fn of_function(what: &str, oid: &str) -> String {
    format!(
        "(SELECT {what} FROM pg_proc f JOIN pg_namespace fn ON fn.oid = f.pronamespace WHERE f.oid = {oid})"
    )
}

/// What ALTER TABLE … SET STORAGE calls the storage that the expression `column` has.
pub fn storage_name(column: &'static str) -> String {
    format!(
        "CASE {column} WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' \
         WHEN 'x' THEN 'extended' WHEN 'm' THEN 'main' END"
    )
}
