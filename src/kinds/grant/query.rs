//! The privileges of a database, by object and role.

use crate::kinds::fragment;
use crate::pg::ServerVersion;

/// One row for each object and role whose privileges are not the default ones.
///
/// Only what the owner granted: the rest hangs on a grant option of somebody else, and is named as unmodelled.
/// What everybody may do in `public` is what a new database gives (pg_dump takes it so, too: a dropped and remade
/// `public` has no such privilege, and dumps as if it had been revoked).
pub(super) fn grants(version: ServerVersion) -> String {
    let open = if version >= ServerVersion::V15 {
        ""
    } else {
        "UNION ALL SELECT 0::oid, 'CREATE' WHERE h.is_public"
    };
    let user = fragment::USER_SCHEMA;
    let class = fragment::not_member("pg_class", "c.oid");
    let routine = fragment::not_member("pg_proc", "p.oid");
    let data_type = fragment::not_member("pg_type", "t.oid");
    let schema = fragment::not_member("pg_namespace", "n.oid");
    let wrapper = fragment::not_member("pg_foreign_data_wrapper", "w.oid");
    let server = fragment::not_member("pg_foreign_server", "s.oid");
    let language = fragment::not_member("pg_language", "l.oid");
    format!(
        "WITH holder AS (
            SELECT 'pg_class'::regclass AS class, c.oid AS of, 0 AS part, c.relowner AS owner, c.relacl AS acl
                 , acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\", c.relowner) AS usual
                 , CASE WHEN c.relkind <> 'S' THEN 'table'
                        WHEN EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                                        AND d.objid = c.oid AND d.deptype = 'i') THEN 'identity-sequence'
                        ELSE 'sequence' END AS on
                 , NULL::name AS \"column\", false AS is_public
              FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relacl IS NOT NULL AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND {user} AND {class}
            UNION ALL
            SELECT 'pg_class'::regclass, c.oid, a.attnum, c.relowner, a.attacl, acldefault('c', c.relowner), 'column'
                 , CASE WHEN c.relkind NOT IN ('r', 'p', 'f') THEN a.attname END, false
              FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND {user} AND {class}
            UNION ALL
            SELECT 'pg_proc'::regclass, p.oid, 0, p.proowner, p.proacl, acldefault('f', p.proowner)
                 , CASE p.prokind WHEN 'a' THEN 'aggregate' ELSE 'routine' END
                 , NULL, false
              FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
             WHERE p.proacl IS NOT NULL AND {user} AND {routine}
            UNION ALL
            SELECT 'pg_type'::regclass, t.oid, 0, t.typowner, t.typacl, acldefault('T', t.typowner), 'type', NULL, false
              FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
             WHERE t.typacl IS NOT NULL AND {user} AND {data_type}
            UNION ALL
            SELECT 'pg_namespace'::regclass, n.oid, 0, n.nspowner, coalesce(n.nspacl, acldefault('n', n.nspowner))
                 , acldefault('n', n.nspowner), 'schema', NULL, n.nspname = 'public'
              FROM pg_namespace n
             WHERE (n.nspacl IS NOT NULL OR n.nspname = 'public') AND {user} AND {schema}
            UNION ALL
            SELECT 'pg_foreign_data_wrapper'::regclass, w.oid, 0, w.fdwowner, w.fdwacl, acldefault('F', w.fdwowner)
                 , 'foreign-data-wrapper', NULL, false
              FROM pg_foreign_data_wrapper w WHERE w.fdwacl IS NOT NULL AND {wrapper}
            UNION ALL
            SELECT 'pg_foreign_server'::regclass, s.oid, 0, s.srvowner, s.srvacl, acldefault('S', s.srvowner)
                 , 'foreign-server', NULL, false
              FROM pg_foreign_server s WHERE s.srvacl IS NOT NULL AND {server}
            UNION ALL
            SELECT 'pg_language'::regclass, l.oid, 0, l.lanowner, l.lanacl, acldefault('l', l.lanowner)
                 , 'language', NULL, false
              FROM pg_language l WHERE l.oid >= 16384 AND l.lanacl IS NOT NULL AND {language}
        )
        SELECT h.class::oid::bigint AS classid
             , h.of::bigint AS objid
             , h.part AS objsubid
             , 'schema:' AS target
             , h.on
             , h.\"column\"
             , CASE e.grantee WHEN 0 THEN 'public' WHEN h.owner THEN ''
                    ELSE pg_get_userbyid(e.grantee)::text END AS grantee
             , to_json(e.privileges) AS privileges
             , to_json(e.grant_options) AS grant_options
             , to_json(e.usual) AS default
             , h.on = 'table' AND EXISTS (SELECT FROM pg_attribute a, aclexplode(a.attacl) x
                    WHERE a.attrelid = h.of AND NOT a.attisdropped AND x.grantee = e.grantee) AS beside_columns
          FROM holder h
         CROSS JOIN LATERAL (
            SELECT grantee
                 , coalesce(now.privileges, '{{}}') AS privileges
                 , coalesce(now.grant_options, '{{}}') AS grant_options
                 , coalesce(usual.privileges, '{{}}') AS usual
              FROM (SELECT x.grantee
                         , array_agg(DISTINCT x.privilege_type COLLATE \"C\") AS privileges
                         , array_agg(DISTINCT x.privilege_type COLLATE \"C\") FILTER (WHERE x.is_grantable) AS grant_options
                      FROM aclexplode(h.acl) x WHERE x.grantor = h.owner GROUP BY x.grantee) now
              FULL JOIN (SELECT x.grantee, array_agg(x.privilege_type COLLATE \"C\" ORDER BY x.privilege_type COLLATE \"C\") AS privileges
                      FROM (SELECT d.grantee, d.privilege_type FROM aclexplode(h.usual) d
                             UNION ALL SELECT 0::oid, 'USAGE' WHERE h.is_public {open}) x
                     GROUP BY x.grantee) usual USING (grantee)) e
         WHERE (e.privileges <> e.usual OR e.grant_options <> '{{}}')
           AND (e.grantee IN (0, h.owner) OR pg_get_userbyid(e.grantee) !~ '^pgrh_(root_)?[0-9a-f]{{12}}$')"
    )
}
