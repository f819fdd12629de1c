//! A backfill as a PL/pgSQL loop that commits each batch.

use crate::pg::sql::List;
use crate::pg::{Ident, Sql};
use crate::plan::Backfill;
use crate::sql;

/// The rows of a batch: a script cannot measure and adapt.
const ROWS: i64 = 1000;
/// The pages of a batch, of perhaps 80 rows.
const PAGES: i64 = 16;

/// The body of a DO statement that fills what is not filled yet.
///
/// A partitioned table is walked as one, in the order of its key or page by page of all partitions at once.
pub(super) fn body(backfill: &Backfill) -> Sql {
    if backfill.key.is_empty() {
        by_pages(backfill)
    } else {
        by_key(backfill)
    }
}

// Each range begins where the one before ended, so that both ends are always bounds of the index.
fn by_key(backfill: &Backfill) -> Sql {
    let table = &backfill.table;
    let key = List::comma(&backfill.key);
    let down = backfill.key.iter();
    let down = List::comma(down.map(|column| sql!("{} DESC", column)));
    let names = |word: &str| -> Vec<Ident> {
        let places = 1..=backfill.key.len();
        let name = |n| Ident::new(format!("_pgrehearse_{word}_{n}"));
        places.map(name).collect()
    };
    let [from, to, last] = ["from", "to", "last"].map(names);
    let all = from.iter().chain(&to).chain(&last);
    let columns = backfill.key.iter().cycle();
    let declared = List::separated(
        "\n",
        all.zip(columns)
            .map(|(name, column)| sql!("  {} {}.{}%TYPE;", name, table, column)),
    );
    let takes = List::separated(
        "\n    ",
        from.iter().zip(&to).map(|(a, b)| sql!("{} := {};", a, b)),
    );
    let [from, to, last] = [from, to, last].map(List::comma);
    let batch = |end: &Sql| {
        let range = sql!("({}) >= ({}) AND {}", key, from, end);
        backfill.batch(table, Some(&range))
    };
    let inner = sql!("({}) < ({})", key, to);
    let outer = sql!("({}) <= ({})", key, last);
    sql!(
        "#variable_conflict use_column
DECLARE
{}
BEGIN
  SELECT {} INTO {} FROM {} ORDER BY {} LIMIT 1;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  SELECT {} INTO {} FROM {} ORDER BY {} LIMIT 1;
  LOOP
    SELECT {} INTO {} FROM {} WHERE ({}) >= ({}) AND {} ORDER BY {} OFFSET {} LIMIT 1;
    EXIT WHEN NOT FOUND;
    {};
    COMMIT;
    {}
  END LOOP;
  {};
  COMMIT;
END",
        declared,
        key,
        from,
        table,
        key,
        key,
        last,
        table,
        down,
        key,
        to,
        table,
        key,
        from,
        outer,
        key,
        ROWS,
        batch(&inner),
        takes,
        batch(&outer)
    )
}

fn by_pages(backfill: &Backfill) -> Sql {
    let table = &backfill.table;
    let range = Sql::constant(
        "ctid >= pg_catalog.format('(%s,0)', _pgrehearse_page)::pg_catalog.tid AND ctid < pg_catalog.format('(%s,0)', _pgrehearse_next)::pg_catalog.tid",
    );
    // An UPDATE by the application may move a row to a page that was walked: once more, then.
    sql!(
        "#variable_conflict use_column
DECLARE
  _pgrehearse_page pg_catalog.int8;
  _pgrehearse_next pg_catalog.int8;
  _pgrehearse_end pg_catalog.int8;
BEGIN
  FOR _pgrehearse_pass IN 1..2 LOOP
    SELECT pg_catalog.max(pg_catalog.pg_relation_size(c.oid)) / pg_catalog.current_setting('block_size')::pg_catalog.int8
      INTO _pgrehearse_end
      FROM pg_catalog.pg_class c
     WHERE c.relkind IN ('r', 'm') AND (c.oid = {}::pg_catalog.regclass OR c.oid IN (
           WITH RECURSIVE child AS (
             SELECT inhrelid FROM pg_catalog.pg_inherits WHERE inhparent = {}::pg_catalog.regclass
             UNION ALL
             SELECT i.inhrelid FROM child JOIN pg_catalog.pg_inherits i ON i.inhparent = child.inhrelid)
           SELECT inhrelid FROM child));
    _pgrehearse_page := 0;
    WHILE _pgrehearse_page < _pgrehearse_end LOOP
      _pgrehearse_next := _pgrehearse_page + {};
      {};
      COMMIT;
      _pgrehearse_page := _pgrehearse_next;
    END LOOP;
  END LOOP;
END",
        crate::pg::ident::Literal(&table.to_string()),
        crate::pg::ident::Literal(&table.to_string()),
        PAGES,
        backfill.batch(table, Some(&range))
    )
}
