//! The queries that the live server has counted.

use crate::pg::Ident;
use crate::source::{DEFAULT_PATH, Query};
use crate::sql;
use postgres::Client;
use postgres::error::SqlState;

/// The most queries that are taken, those that run most often first.
const MOST: i64 = 2000;

/// What pg_stat_statements shows.
pub enum Statements {
    Seen {
        queries: Vec<Query>,
        /// Statements of other roles whose text this one may not read.
        hidden: usize,
    },
    /// Nothing, with the reason.
    Unseen(String),
}

/// Reads the queries of this database in pg_stat_statements, each with the search_path that its role
/// has here. Only reads; constants are `$n` there.
///
/// # Errors
/// What the server says, but for a missing extension or right.
pub fn statements(client: &mut Client) -> Result<Statements, postgres::Error> {
    let found = client.query_opt(
        "SELECT n.nspname::pg_catalog.text
           FROM pg_catalog.pg_extension e
           JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace
          WHERE e.extname OPERATOR(pg_catalog.=) 'pg_stat_statements'",
        &[],
    )?;
    let Some(found) = found else {
        let why = "the extension pg_stat_statements is not in the live database";
        return Ok(Statements::Unseen(why.to_owned()));
    };
    let schema = Ident::new(found.get::<_, String>(0));
    // The settings of the role in the database, of the role, of the database, as the server ranks them.
    let query = sql!(
        "SELECT s.queryid::pg_catalog.text, r.rolname::pg_catalog.text, s.query
              , (SELECT pg_catalog.substr(c.item, 13)
                   FROM pg_catalog.pg_db_role_setting g
                  CROSS JOIN LATERAL pg_catalog.unnest(g.setconfig) c (item)
                  WHERE pg_catalog.starts_with(c.item, 'search_path=')
                    AND g.setrole IN (0, s.userid) AND g.setdatabase IN (0, s.dbid)
                  ORDER BY g.setrole = s.userid DESC, g.setdatabase = s.dbid DESC
                  LIMIT 1)
           FROM {}.pg_stat_statements s
           LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.userid
          WHERE s.dbid = (SELECT oid FROM pg_catalog.pg_database
                           WHERE datname = pg_catalog.current_database())
          ORDER BY s.calls DESC, 1, 2
          LIMIT {}",
        schema,
        MOST
    );
    let rows = match client.query(query.as_str(), &[]) {
        Ok(rows) => rows,
        Err(error) => {
            return match error.code() {
                Some(code) if *code == SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE => {
                    let why = "pg_stat_statements is not in shared_preload_libraries";
                    Ok(Statements::Unseen(why.to_owned()))
                }
                Some(code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => {
                    let why = "this role may not read pg_stat_statements";
                    Ok(Statements::Unseen(why.to_owned()))
                }
                _ => Err(error),
            };
        }
    };
    let mut queries: Vec<Query> = Vec::new();
    let mut hidden = 0;
    for row in rows {
        let (id, role): (Option<String>, Option<String>) = (row.get(0), row.get(1));
        let Some(id) = id else {
            hidden += 1;
            continue;
        };
        let sql: Option<String> = row.get(2);
        let Some(sql) = sql.filter(|sql| Query::is_query(sql)) else {
            continue;
        };
        let role = role.unwrap_or_default();
        let search_path = row.get::<_, Option<String>>(3);
        let search_path = search_path.unwrap_or_else(|| DEFAULT_PATH.to_owned());
        let search_path = search_path.replace("\"$user\"", &Ident::new(role.as_str()).to_string());
        let twin = queries
            .iter()
            .any(|q| q.sql == sql && q.search_path == search_path);
        if !twin {
            queries.push(Query {
                name: format!("query {id} of {role}"),
                sql,
                search_path,
            });
        }
    }
    Ok(Statements::Seen { queries, hidden })
}
