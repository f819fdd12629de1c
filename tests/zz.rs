mod support;
use pgrehearse::{catalog::closure, pipeline, source::*};
use support::*;
#[test]
fn zz() {
    let v = pgrehearse::pg::ServerVersion::V18;
    let server = server(v).unwrap();
    let case = std::env::var("CASE").unwrap();
    let p = std::path::Path::new("tests/cases").join(case);
    let live = Live::from_files(&server, &read_files(&p.join("old.sql")).unwrap()).unwrap();
    let o = options(&server);
    let to = Source::Files(p.join("new.sql"));
    let pair = pipeline::load(&live.source(), &to, &o).unwrap();
    let c = pipeline::compare(&pair).unwrap();
    println!(
        "changes {:#?}",
        c.changes
            .changes
            .iter()
            .map(|(id, ch)| format!(
                "{id} {}",
                match ch {
                    pgrehearse::diff::Change::Alter { attributes, .. } => format!(
                        "alter {:?}",
                        attributes
                            .iter()
                            .map(|a| (a.name(), &a.old.value, &a.new.value))
                            .collect::<Vec<_>>()
                    ),
                    pgrehearse::diff::Change::Create { .. } => "create".into(),
                    pgrehearse::diff::Change::Drop { .. } => "drop".into(),
                    pgrehearse::diff::Change::Replace { why, .. } => format!("replace {why}"),
                }
            ))
            .collect::<Vec<_>>()
    );
    println!(
        "absorbed {:#?} together {:#?} around {:#?}",
        c.changes.absorbed, c.changes.together, c.changes.around
    );
    println!(
        "closure live {:#?}",
        closure(&c.live, &c.changes.touched())
            .iter()
            .map(|i| i.to_string())
            .collect::<Vec<_>>()
    );
    println!(
        "closure desired {:#?}",
        closure(&c.desired, &c.changes.touched())
            .iter()
            .map(|i| i.to_string())
            .collect::<Vec<_>>()
    );
    for (id, r) in &c.live.requires {
        println!(
            "{id} <- {:?}",
            r.iter().map(|x| x.to_string()).collect::<Vec<_>>()
        );
    }
}
