//! Text search dictionaries.

use super::{Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, Verb, attr, fragment};
use crate::pg::sql::{Deparsed, List};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextSearchDictionary {
    pub schema: Ident,
    pub name: Ident,
    pub template: Qualified,
    /// `stopwords = 'english', accept = 'false'`, as the server writes them.
    pub options: Option<String>,
}

impl TextSearchDictionary {
    fn qualified(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.name.clone(),
        }
    }

    fn options(&self) -> Vec<DictionaryOption<'_>> {
        options(self.options.as_deref().unwrap_or_default())
    }
}

/// One option: its name as the server quotes it, and all of it.
struct DictionaryOption<'t> {
    name: &'t str,
    whole: &'t str,
}

/// The options of a list that the server wrote: no comma outside quotes is part of one.
fn options(list: &str) -> Vec<DictionaryOption<'_>> {
    let mut found = Vec::new();
    let (mut quote, mut start) = (None, 0);
    // A backslash stands doubled in a value, so no quote is escaped by one.
    for (at, c) in list.char_indices().chain([(list.len(), ',')]) {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            (None, ',') => {
                let whole = list[start..at].trim();
                let name = whole.split(" = ").next().unwrap_or(whole);
                found.extend((!whole.is_empty()).then_some(DictionaryOption { name, whole }));
                start = at + 1;
            }
            _ => {}
        }
    }
    found
}

impl Kind for TextSearchDictionary {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT 3600::bigint AS classid
                  , d.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , d.dictname AS name
                  , json_build_object('schema', tn.nspname, 'name', t.tmplname) AS template
                  , d.dictinitoption AS options
               FROM pg_ts_dict d
               JOIN pg_namespace n ON n.oid = d.dictnamespace
               JOIN pg_ts_template t ON t.oid = d.dicttemplate
               JOIN pg_namespace tn ON tn.oid = t.tmplnamespace
              WHERE {} AND {}",
            fragment::USER_SCHEMA,
            fragment::not_member("pg_ts_dict", "d.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_ts_dict WHERE oid >= 16384")
    }

    fn id(&self) -> ObjectId {
        let path = [self.schema.raw(), self.name.raw()];
        ObjectId::new(KindTag::TextSearchDictionary, path)
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(ObjectId::new(KindTag::Schema, [self.schema.raw()]))
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            name: _,
            template,
            options,
        } = self;
        vec![attr("template", template), attr("options", options)]
    }

    fn create(&self) -> Vec<Sql> {
        let mut parts = vec![sql!("TEMPLATE = {}", self.template)];
        parts.extend(self.options().iter().map(|o| sql!("{}", Deparsed(o.whole))));
        vec![sql!(
            "CREATE TEXT SEARCH DICTIONARY {} ({})",
            self.qualified(),
            List::comma(parts)
        )]
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP TEXT SEARCH DICTIONARY {}", self.qualified())]
    }

    fn alter(&self, old: &Self, attribute: &str) -> Alter {
        if attribute != "options" || self.template != old.template {
            return Alter::Replace {
                why: "no statement gives a dictionary another template",
            };
        }
        let (before, after) = (old.options(), self.options());
        // The server keeps the order in which options were set: those that go on are set anew behind the first
        // that differs.
        let same = before
            .iter()
            .zip(&after)
            .take_while(|(a, b)| a.whole == b.whole)
            .count();
        let (gone, set) = (&before[same..], &after[same..]);
        let alter = |parts: Vec<Sql>| {
            sql!(
                "ALTER TEXT SEARCH DICTIONARY {} ({})",
                self.qualified(),
                List::comma(parts)
            )
        };
        let mut statements = Vec::new();
        if !gone.is_empty() {
            // An option without a value is taken away.
            statements.push(alter(
                gone.iter().map(|o| sql!("{}", Deparsed(o.name))).collect(),
            ));
        }
        if !set.is_empty() {
            statements.push(alter(
                set.iter().map(|o| sql!("{}", Deparsed(o.whole))).collect(),
            ));
        }
        Alter::InPlace(statements)
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        match verb {
            Verb::Create => Vec::new(),
            Verb::Drop => vec![Hazard::declared(
                HazardKind::BreaksQueries,
                format!(
                    "queries that name text search dictionary {} fail",
                    self.qualified()
                ),
            )],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::options;

    #[test]
    fn commas_in_quotes_are_part_of_an_option() {
        let list = "stopwords = 'a, ''b', \"Accept, all\" = E'\\\\x', n = 1";
        let found = options(list);
        let names: Vec<&str> = found.iter().map(|o| o.name).collect();
        assert_eq!(names, ["stopwords", "\"Accept, all\"", "n"]);
        let wholes: Vec<&str> = found.iter().map(|o| o.whole).collect();
        assert_eq!(wholes.join(", "), list);
    }
}
