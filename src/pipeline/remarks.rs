//! What a plan says beside its steps.

use crate::catalog::{Catalog, Desired, Live, Unmodeled};
use crate::diff::{Additions, Change, ChangeSet, ConversionHint, Replacements, rename};
use crate::kinds::{KindTag, Object, ObjectId};
use crate::pg::{Ident, Qualified};
use crate::plan::document::UnmodeledRecord;
use crate::plan::{Action, Step};
use std::collections::{BTreeMap, BTreeSet};

/// What is to be said of two catalogs, whatever differs.
pub(super) fn about(live: &Catalog<Live>, desired: &Catalog<Desired>) -> Vec<String> {
    let mut remarks = extension_versions(live, desired);
    remarks.extend(event_triggers(live));
    remarks.extend(labels(live, desired));
    remarks.extend(declared(live, desired));
    remarks
}

fn extension_versions(live: &Catalog<Live>, desired: &Catalog<Desired>) -> Vec<String> {
    let kind = KindTag::Extension;
    live.objects
        .iter()
        .filter(|(id, _)| id.kind == kind)
        .filter_map(|(id, old)| match (old, desired.get(id)?) {
            (Object::Extension(a), Object::Extension(b))
                if a.version != b.version && !b.pinned =>
            {
                Some(format!(
                    "extension {}: version {} in the first schema, {} in the second: compared only where \
                     the files say VERSION",
                    a.name, a.version, b.version
                ))
            }
            _ => None,
        })
        .collect()
}

/// A provider says what it thinks of a label when it is given: scratch servers have none.
fn labels(live: &Catalog<Live>, desired: &Catalog<Desired>) -> Option<String> {
    let given = desired.objects.iter().filter_map(|(id, new)| match new {
        Object::SecurityLabel(label) if live.get(id) != Some(new) => {
            Some(label.provider.to_string())
        }
        _ => None,
    });
    let providers: BTreeSet<String> = given.collect();
    (!providers.is_empty()).then(|| {
        format!(
            "security labels of {}: the rehearsal writes them down; whether the provider takes them, apply shows",
            Vec::from_iter(providers).join(", ")
        )
    })
}

/// Columns whose values get a time zone, or lose it, without a hint that names one.
pub(super) fn time_zones(
    live: &Catalog<Live>,
    desired: &Catalog<Desired>,
    conversions: &BTreeMap<ObjectId, ConversionHint>,
    replacements: &Replacements,
    zone: Option<&str>,
) -> Option<String> {
    let hangs = |id: &ObjectId, new: &Object| {
        let replaced = replacements.columns.get(id);
        let old = live.get(replaced.map_or(id, |r| &r.old));
        let (Some(Object::Column(old)), Object::Column(new)) = (old, new) else {
            return false;
        };
        new.hangs_on_the_time_zone(old) && !conversions.contains_key(id)
    };
    let all = desired.objects.iter().filter(|(id, new)| hangs(id, new));
    let columns: Vec<String> = all.map(|(id, _)| id.human()).collect();
    (!columns.is_empty()).then(|| {
        format!(
            "{}: values are converted in the time zone of the database{}, whatever the sessions that write them \
             have set; a hint names another: convert using (at AT TIME ZONE 'UTC') reverse (at AT TIME ZONE 'UTC')",
            columns.join(", "),
            zone.map_or_else(String::new, |zone| format!(" ({zone})"))
        )
    })
}

/// Leaves to `desired` what live has in the same objects and is data. Says what the files have otherwise.
pub(super) fn kept(live: &Catalog<Live>, desired: &mut Catalog<Desired>) -> Vec<String> {
    let mut notices = Vec::new();
    let views = live.objects.iter();
    let views: Vec<_> = views
        .filter(|(id, old)| id.kind == KindTag::MaterializedView && desired.get(id) != Some(old))
        .collect();
    for (id, old) in views {
        let Some(new) = desired.objects.get_mut(id) else {
            continue;
        };
        if let (Object::MaterializedView(old), Object::MaterializedView(new)) = (old, &*new)
            && new.populated
            && !old.populated
        {
            notices.push(format!(
                "{} was not populated on live: queries of it fail until REFRESH MATERIALIZED VIEW {}",
                id.human(),
                old.qualified()
            ));
        }
        new.keep(old);
    }
    notices
}

/// The tables that declare what they inherit on one side and not on the other: no statement changes it.
fn declared(live: &Catalog<Live>, desired: &Catalog<Desired>) -> Vec<String> {
    let mut tables: BTreeMap<(Qualified, bool), Vec<String>> = BTreeMap::new();
    for (id, new) in desired.objects.iter() {
        let (table, old, new) = match (live.get(id), new) {
            (Some(Object::Column(old)), Object::Column(new))
                if !old.inherited_from.is_empty() && !new.inherited_from.is_empty() =>
            {
                (old.table_name(), old.local, new.local)
            }
            (Some(Object::Constraint(old)), Object::Constraint(new))
                if !old.inherited_from.is_empty() && !new.inherited_from.is_empty() =>
            {
                (old.table_name(), old.local, new.local)
            }
            _ => continue,
        };
        if old != new {
            let names = tables.entry((table, old)).or_default();
            names.extend(id.path.last().map(|name| Ident::new(name).to_string()));
        }
    }
    let said = |((table, old), names): ((Qualified, bool), Vec<String>)| {
        let (does, not) = match old {
            true => ("declares", "the desired schema only inherits"),
            false => ("only inherits", "the desired schema declares"),
        };
        format!(
            "table {table} {does} {} on live, {not} that: no statement changes it, and it stays",
            names.join(", ")
        )
    };
    tables.into_iter().map(said).collect()
}

/// The materialized views whose rows are as before although a view that they read becomes another in place.
pub(super) fn stale(live: &Catalog<Live>, changes: &ChangeSet) -> Vec<String> {
    let becomes_another = |id: &ObjectId| match changes.changes.get(id) {
        Some(Change::Alter { attributes, .. }) => {
            id.kind == KindTag::View && attributes.iter().any(|a| a.name() == "query")
        }
        _ => false,
    };
    let views = live.objects.iter().filter(|(id, object)| {
        let filled = matches!(object, Object::MaterializedView(view) if view.populated);
        filled && !changes.drops(id) && !changes.replaces(id)
    });
    let mut notices = Vec::new();
    for (id, _) in views {
        let mut queue: Vec<&ObjectId> = live.requires(id).collect();
        let mut seen: BTreeSet<&ObjectId> = BTreeSet::new();
        while let Some(under) = queue.pop() {
            if under.kind != KindTag::View || !seen.insert(under) {
                continue;
            }
            if becomes_another(under) {
                notices.push(format!(
                    "{}: {} that it reads becomes another; its rows are as before until it is refreshed",
                    id.human(),
                    under.human()
                ));
                break;
            }
            queue.extend(live.requires(under));
        }
    }
    notices
}

/// Hints above a column that this plan does nothing with.
pub(super) fn idle_hints(
    conversions: &BTreeMap<ObjectId, ConversionHint>,
    backfills: &BTreeMap<ObjectId, String>,
    (changes, replacements, additions): (&ChangeSet, &Replacements, &Additions),
) -> Vec<String> {
    let retyped = |id: &ObjectId| match changes.changes.get(id) {
        Some(Change::Alter { attributes, .. }) => attributes
            .iter()
            .any(|a| matches!(a.name(), "type" | "collation")),
        // A table is copied.
        Some(Change::Replace {
            old: Object::Column(old),
            new: Object::Column(new),
            ..
        }) => old.data_type != new.data_type || old.collation != new.collation,
        _ => false,
    };
    let idle = conversions.keys().filter(|id| {
        changes.changes.contains_key(id) && !retyped(id) && !replacements.columns.contains_key(id)
    });
    let mut notices: Vec<String> = idle
        .map(|id| {
            let id = id.human();
            format!("{id}: the hint convert has no effect here: the column's type stays")
        })
        .collect();
    let idle = backfills.keys();
    let idle = idle.filter(|id| replacements.columns.contains_key(id));
    notices.extend(idle.map(|id| {
        let id = id.human();
        format!(
            "{id}: the hint backfill has no effect here: the values come from the old column; \
             convert using (…) makes others of them"
        )
    }));
    // Unchanged, it was filled by an earlier plan.
    let unused = |id: &ObjectId| {
        changes.changes.contains_key(id)
            && !replacements.columns.contains_key(id)
            && !additions.backfills.contains_key(id)
    };
    notices.extend(backfills.keys().filter(|id| unused(id)).map(|id| {
        let id = id.human();
        format!(
            "{id}: the hint backfill has no effect here: it fills a new column, or one that becomes \
             NOT NULL, of a table that is there"
        )
    }));
    notices
}

pub(super) fn unmodeled(
    live: &BTreeSet<Unmodeled>,
    desired: &BTreeSet<Unmodeled>,
) -> Vec<UnmodeledRecord> {
    live.union(desired)
        .map(|u| {
            let side = match (live.contains(u), desired.contains(u)) {
                (true, true) => "both",
                (true, false) => "live",
                _ => "desired",
            };
            UnmodeledRecord {
                side: side.to_owned(),
                what: u.what.clone(),
                name: u.name.clone(),
            }
        })
        .collect()
}

/// The triggers of the user that fire for every row of a backfill: what they refuse, log or send, they do then.
pub(super) fn fired_triggers(steps: &[Step], live: &Catalog<Live>) -> Vec<String> {
    let tables = steps.iter().filter_map(|step| match step.action() {
        Action::Backfill { backfill, .. } if backfill.writes_its_table() => Some(&backfill.table),
        _ => None,
    });
    let tables: BTreeSet<&Qualified> = tables.collect();
    let remark = |table: &&Qualified| {
        let names = live.fired_by_backfills(table);
        let (triggers, fire) = match names.len() {
            0 => return None,
            1 => ("trigger", "fires"),
            _ => ("triggers", "fire"),
        };
        Some(format!(
            "{triggers} {} on {table} {fire} for every row that a backfill writes: what it refuses, logs or sends, it does then",
            names.join(", ")
        ))
    };
    tables.iter().filter_map(remark).collect()
}

pub(super) fn likely_renames(changes: &ChangeSet) -> impl Iterator<Item = (ObjectId, String)> {
    rename::likely(changes).into_iter().map(|likely| {
        let text = format!(
            "{} is dropped and {} created: if it is a rename, put this line above it: {}",
            likely.from.human(),
            likely.to.human(),
            likely.hint
        );
        (likely.to, text)
    })
}

/// The functions of event triggers run for what a plan does on live, and not in its rehearsal.
fn event_triggers(live: &Catalog<Live>) -> Vec<String> {
    let firing = live.objects.values().filter_map(|object| match object {
        Object::EventTrigger(trigger) if trigger.fires() && trigger.event != "login" => {
            Some(trigger.name.to_string())
        }
        _ => None,
    });
    let firing: Vec<String> = firing.collect();
    match firing.is_empty() {
        true => Vec::new(),
        false => vec![format!(
            "event triggers run on live for the statements of a plan, and not in its rehearsal: {}",
            firing.join(", ")
        )],
    }
}
