//! Owners of what a plain role may not own: event triggers, foreign data wrappers, publications of all tables or of
//! schemas, subscriptions.
//!
//! A subscription stays the superuser's, who alone could enable it: whose it is to be is written down as a label
//! ([`OF_SUBSCRIPTIONS`](crate::kinds::owner::OF_SUBSCRIPTIONS)).

use crate::pg::{Sql, ident::Literal};
use crate::source::reader::Reader;
use crate::sql;

/// What is called instead of OWNER TO. Who gives something away is a member of the role that it belongs to; nothing is
/// given to a superuser.
pub(super) const SETUP: &str = "
CREATE OR REPLACE FUNCTION pg_catalog.pgrehearse_owner(what text, called name, whose name) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    role oid := (SELECT oid FROM pg_roles WHERE rolname = whose AND (NOT rolsuper OR rolname = session_user));
BEGIN
    IF role IS NULL THEN
        RAISE EXCEPTION 'role \"%\" does not exist', whose USING ERRCODE = 'undefined_object';
    END IF;
    CASE what
        WHEN 'event trigger' THEN
            UPDATE pg_event_trigger SET evtowner = role
             WHERE evtname = called AND pg_has_role(session_user, evtowner, 'MEMBER');
        WHEN 'publication' THEN
            UPDATE pg_publication SET pubowner = role
             WHERE pubname = called AND pg_has_role(session_user, pubowner, 'MEMBER');
        WHEN 'subscription' THEN
            DELETE FROM pg_seclabel l USING pg_subscription s
             WHERE s.subname = called AND l.classoid = 'pg_subscription'::regclass AND l.objoid = s.oid
               AND l.provider = 'pgrehearse: owner';
            INSERT INTO pg_seclabel (classoid, objoid, objsubid, provider, label)
            SELECT 'pg_subscription'::regclass, s.oid, 0, 'pgrehearse: owner', whose FROM pg_subscription s
             WHERE s.subname = called;
        ELSE
            -- The privileges of the old owner become those of the new one.
            UPDATE pg_foreign_data_wrapper w
               SET fdwowner = role
                 , fdwacl = (SELECT array_agg(makeaclitem(
                                      CASE WHEN x.grantee = w.fdwowner THEN role ELSE x.grantee END
                                    , CASE WHEN x.grantor = w.fdwowner THEN role ELSE x.grantor END
                                    , x.privilege_type, x.is_grantable))
                               FROM aclexplode(w.fdwacl) x)
             WHERE fdwname = called AND pg_has_role(session_user, fdwowner, 'MEMBER');
    END CASE;
    IF FOUND THEN
        RETURN;
    ELSIF EXISTS (SELECT 1 FROM pg_event_trigger WHERE what = 'event trigger' AND evtname = called
                  UNION ALL SELECT 1 FROM pg_publication WHERE what = 'publication' AND pubname = called
                  UNION ALL SELECT 1 FROM pg_foreign_data_wrapper
                             WHERE what = 'foreign data wrapper' AND fdwname = called) THEN
        RAISE EXCEPTION 'must be owner of % %', what, called USING ERRCODE = 'insufficient_privilege';
    END IF;
    RAISE EXCEPTION '% \"%\" does not exist', what, called USING ERRCODE = 'undefined_object';
END $$;";

const KINDS: [(&[&str], &str); 4] = [
    (&["event", "trigger"], "event trigger"),
    (&["foreign", "data", "wrapper"], "foreign data wrapper"),
    (&["publication"], "publication"),
    (&["subscription"], "subscription"),
];

/// `None` for what gives none of these to another role.
pub(super) fn on_scratch(statement: &str) -> Option<Sql> {
    let mut reader = Reader::new(statement);
    reader.eat(&["alter"]).then_some(())?;
    let (_, what) = KINDS.iter().find(|(words, _)| reader.eat(words))?;
    let name = reader.ident()?;
    reader.eat(&["owner", "to"]).then_some(())?;
    let whoever = ["current_user", "session_user", "current_role"];
    let role = match reader.sees_any(&whoever) {
        Some(_) => sql!("current_user"),
        None => sql!("{}", Literal(&reader.ident()?)),
    };
    Some(sql!(
        "SELECT pg_catalog.pgrehearse_owner({}, {}, {})",
        Literal(what),
        Literal(&name),
        role
    ))
}

/// Whether a publication is given away: most belong to plain roles.
pub(super) fn of_publication(statement: &str) -> bool {
    Reader::new(statement).eat(&["alter", "publication"]) && on_scratch(statement).is_some()
}

#[cfg(test)]
mod tests {
    use super::on_scratch;

    #[test]
    fn what_a_plain_role_may_not_own_is_given_by_name() {
        let given = |statement: &str| on_scratch(statement).map(|sql| sql.to_string());
        assert_eq!(
            given("ALTER EVENT TRIGGER \"E t\" OWNER TO \"R r\"").as_deref(),
            Some("SELECT pg_catalog.pgrehearse_owner('event trigger', 'E t', 'R r')")
        );
        assert_eq!(
            given("alter publication p owner to current_user").as_deref(),
            Some("SELECT pg_catalog.pgrehearse_owner('publication', 'p', current_user)")
        );
        assert_eq!(
            given("ALTER FOREIGN DATA WRAPPER w OPTIONS (owner 'x')"),
            None
        );
        assert_eq!(given("ALTER TABLE t OWNER TO r"), None);
    }
}
