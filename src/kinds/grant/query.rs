//! The privileges of a database, by object and role.

use crate::kinds::fragment;
use crate::pg::ServerVersion;

/// What an object that is no object of ours would be: [`Member`](super::Member).
const MEMBER: &str = "
    CASE WHEN h.on IN ('table', 'sequence', 'column') THEN
           (SELECT json_build_object('extension', h.extension
                 , 'kind', CASE WHEN h.on = 'sequence' THEN 'sequence'
                                WHEN h.on = 'column' AND c.relkind IN ('r', 'p', 'f') THEN 'column'
                                WHEN c.relkind = 'v' THEN 'view'
                                WHEN c.relkind = 'm' THEN 'materialized-view'
                                ELSE 'table' END
                 , 'path', CASE WHEN h.on = 'column' AND c.relkind IN ('r', 'p', 'f')
                                THEN json_build_array(n.nspname, c.relname, (SELECT a.attname FROM pg_attribute a
                                                       WHERE a.attrelid = h.of AND a.attnum = h.part))
                                ELSE json_build_array(n.nspname, c.relname) END)
              FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = h.of)
         WHEN h.on IN ('routine', 'aggregate') THEN
           (SELECT json_build_object('extension', h.extension
                 , 'kind', CASE h.on WHEN 'routine' THEN 'function' ELSE 'aggregate' END
                 , 'path', json_build_array(n.nspname, p.proname, oidvectortypes(p.proargtypes)))
              FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.oid = h.of)
         WHEN h.on = 'type' THEN
           (SELECT json_build_object('extension', h.extension, 'kind', 'base-type'
                 , 'path', json_build_array(n.nspname, t.typname))
              FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.oid = h.of)
         ELSE json_build_object('extension', h.extension, 'kind', h.on, 'path', json_build_array(
                CASE h.on WHEN 'schema' THEN (SELECT n.nspname FROM pg_namespace n WHERE n.oid = h.of)
                          WHEN 'language' THEN (SELECT l.lanname FROM pg_language l WHERE l.oid = h.of)
                          WHEN 'foreign-server' THEN (SELECT s.srvname FROM pg_foreign_server s WHERE s.oid = h.of)
                          ELSE (SELECT w.fdwname FROM pg_foreign_data_wrapper w WHERE w.oid = h.of) END)) END";

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
    format!(
        "WITH every AS (
            SELECT 'pg_class'::regclass AS class, c.oid AS of, 0 AS part, c.relowner AS owner, c.relacl AS acl
                 , acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\", c.relowner) AS usual
                 , CASE WHEN c.relkind <> 'S' THEN 'table'
                        WHEN EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                                        AND d.objid = c.oid AND d.deptype = 'i') THEN 'identity-sequence'
                        ELSE 'sequence' END AS on
                 , NULL::name AS \"column\", false AS is_public
              FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relacl IS NOT NULL AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND {user}
            UNION ALL
            SELECT 'pg_class'::regclass, c.oid, a.attnum, c.relowner, a.attacl, acldefault('c', c.relowner), 'column'
                 , CASE WHEN c.relkind NOT IN ('r', 'p', 'f') THEN a.attname END, false
              FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND {user}
            UNION ALL
            SELECT 'pg_proc'::regclass, p.oid, 0, p.proowner, p.proacl, acldefault('f', p.proowner)
                 , CASE p.prokind WHEN 'a' THEN 'aggregate' ELSE 'routine' END
                 , NULL, false
              FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
             WHERE p.proacl IS NOT NULL AND {user}
            UNION ALL
            SELECT 'pg_type'::regclass, t.oid, 0, t.typowner, t.typacl, acldefault('T', t.typowner), 'type', NULL, false
              FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
             WHERE t.typacl IS NOT NULL AND {user}
            UNION ALL
            SELECT 'pg_namespace'::regclass, n.oid, 0, n.nspowner, coalesce(n.nspacl, acldefault('n', n.nspowner))
                 , acldefault('n', n.nspowner), 'schema', NULL, n.nspname = 'public'
              FROM pg_namespace n
             WHERE (n.nspacl IS NOT NULL OR n.nspname = 'public') AND {user}
            UNION ALL
            SELECT 'pg_foreign_data_wrapper'::regclass, w.oid, 0, w.fdwowner, w.fdwacl, acldefault('F', w.fdwowner)
                 , 'foreign-data-wrapper', NULL, false
              FROM pg_foreign_data_wrapper w WHERE w.fdwacl IS NOT NULL
            UNION ALL
            SELECT 'pg_foreign_server'::regclass, s.oid, 0, s.srvowner, s.srvacl, acldefault('S', s.srvowner)
                 , 'foreign-server', NULL, false
              FROM pg_foreign_server s WHERE s.srvacl IS NOT NULL
            UNION ALL
            SELECT 'pg_language'::regclass, l.oid, 0, l.lanowner, l.lanacl, acldefault('l', l.lanowner)
                 , 'language', NULL, false
              FROM pg_language l WHERE l.lanpltrusted AND l.lanacl IS NOT NULL
        ), holder AS (
            -- Of what an extension made, everybody has what its script gave, whoever owned it then.
            SELECT h.class, h.of, h.part, h.owner, h.acl
                 , CASE WHEN h.on = 'identity-sequence' AND x.oid IS NOT NULL THEN 'sequence' ELSE h.on END AS on, h.\"column\", h.is_public, x.extname AS extension
                 , x.extname IS NOT NULL OR h.of < 16384 AND h.on = 'language' AS is_member
                 , CASE WHEN x.extname IS NULL OR i.initprivs IS NULL THEN h.usual
                        ELSE (SELECT array_agg(makeaclitem(CASE WHEN u.grantee = u.grantor THEN h.owner ELSE u.grantee END
                                                         , h.owner, u.privilege_type, false))
                                FROM aclexplode(i.initprivs) u) END AS usual
              FROM every h
              LEFT JOIN pg_depend d ON d.classid = h.class AND d.objid = h.of AND d.objsubid = 0 AND d.deptype = 'e'
                                   AND d.refclassid = 'pg_extension'::regclass
              LEFT JOIN pg_extension x ON x.oid = d.refobjid
              LEFT JOIN pg_init_privs i ON i.classoid = h.class AND i.objoid = h.of AND i.objsubid = h.part
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
             , CASE WHEN h.is_member THEN {MEMBER} END AS member
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
