//! Whose each object of a live database is, and who reads it.

use super::depend::Addresses;
use crate::kinds::{ObjectId, owner};
use crate::pg::Ident;
use postgres::Client;
use std::collections::BTreeMap;

/// The owners of a live database; nothing for any other catalog.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Owners {
    /// The role of the session, which new objects will belong to.
    pub role: Option<Ident>,
    /// New objects are to have the privileges of the other side, not what is set for new ones.
    pub compared: bool,
    pub of: BTreeMap<ObjectId, Ident>,
}

impl Owners {
    /// Whose `id` is; a new one is the session's.
    pub fn of(&self, id: &ObjectId) -> Option<&Ident> {
        self.of.get(id).or(self.role.as_ref())
    }

    /// Whose `id` is, if not the session's.
    pub fn other(&self, id: &ObjectId) -> Option<&Ident> {
        let owner = self.of.get(id);
        owner.filter(|owner| self.role.as_ref() != Some(owner))
    }
}

/// A database of a scratch server belongs to a role that stands for whoever executes a plan.
const ROLE: &str = "
    SELECT CASE WHEN pg_get_userbyid(d.datdba) !~ '^pgrh_(root_)?[0-9a-f]{12}$' THEN current_user::text END
      FROM pg_database d WHERE d.datname = current_database()";

/// Reads the owners of the objects of the database that are at `addresses`.
///
/// # Errors
/// What the server says.
pub fn read(client: &mut Client, addresses: &Addresses) -> Result<Owners, postgres::Error> {
    let role: Option<String> = client.query_one(ROLE, &[])?.get(0);
    let rows = client.query(&owner::rows(), &[])?;
    let number = |at: i64| u32::try_from(at).unwrap_or_default();
    let of = rows.iter().filter_map(|row| {
        let address = (number(row.get(0)), number(row.get(1)), row.get(2));
        let id = addresses.exact(address)?;
        Some((id.clone(), Ident::new(row.get::<_, String>(4))))
    });
    Ok(Owners {
        role: role.map(Ident::new),
        compared: false,
        of: of.collect(),
    })
}
