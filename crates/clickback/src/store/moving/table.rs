//! A table as a move sees it: its columns, its key, and the statements that both databases understand.

use clickback_core::ids::millis_of;
use clickback_core::moment::Moment;
use clickback_core::month::Month;

use crate::store::sql::session::{Cell, Row as SqlRow, Sql, SqlError, Value};
use crate::store::sqlite::migrate::migrate;
use crate::store::{StoreError, StoreResult};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Kind {
    Integer,
    Text,
    Bytes,
}

/// A value that is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) enum Datum {
    Nothing(Sort),
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// Which kind of value is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) enum Sort {
    Integer,
    Text,
    Bytes,
}

impl Datum {
    pub(in crate::store) fn value(&self) -> Value<'_> {
        match self {
            Datum::Nothing(Sort::Integer) => Value::Integer(None),
            Datum::Nothing(Sort::Text) => Value::Text(None),
            Datum::Nothing(Sort::Bytes) => Value::Bytes(None),
            Datum::Integer(number) => Value::Integer(Some(*number)),
            Datum::Text(text) => Value::Text(Some(text)),
            Datum::Bytes(bytes) => Value::Bytes(Some(bytes)),
        }
    }
}

/// A row in the order of its table's columns.
pub(in crate::store) type Row = Vec<Datum>;

/// A table of the store.
#[derive(Debug, Clone)]
pub(in crate::store) struct Table {
    pub(in crate::store) name: String,
    pub(in crate::store) columns: Vec<(String, Kind)>,
    /// Places of the key's columns, in its order.
    pub(in crate::store) key: Vec<usize>,
}

/// Modulus of the sums that are compared: far below what could overflow.
const MODULUS: i64 = 1_000_003;

impl Table {
    fn names(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        names.join(", ")
    }

    fn key_names(&self) -> Vec<&str> {
        self.key
            .iter()
            .map(|at| self.columns[*at].0.as_str())
            .collect()
    }

    /// The key's columns with their names, a comma between.
    pub(in crate::store) fn key_list(&self) -> String {
        self.key_names().join(", ")
    }

    /// The same with something in front of each.
    pub(in crate::store) fn key_of_row(&self, row: &str) -> String {
        let names: Vec<String> = self
            .key_names()
            .iter()
            .map(|name| format!("{row}.{name}"))
            .collect();
        names.join(", ")
    }

    /// Kinds of the key's columns.
    pub(in crate::store) fn key_kinds(&self) -> Vec<(&str, Kind)> {
        self.key
            .iter()
            .map(|at| (self.columns[*at].0.as_str(), self.columns[*at].1))
            .collect()
    }

    /// Where the keys of changed rows are noted.
    pub(in crate::store) fn notes(&self) -> String {
        format!("moving_{}", self.name)
    }

    pub(super) fn first_piece(&self, rows: usize) -> String {
        let (names, name, key) = (self.names(), &self.name, self.key_list());
        format!("SELECT {names} FROM {name} ORDER BY {key} LIMIT {rows}")
    }

    pub(super) fn next_piece(&self, rows: usize) -> String {
        let (names, name, key) = (self.names(), &self.name, self.key_list());
        let places = places(1, self.key.len());
        format!("SELECT {names} FROM {name} WHERE ({key}) > {places} ORDER BY {key} LIMIT {rows}")
    }

    /// The last key.
    pub(super) fn last(&self) -> String {
        let backwards: Vec<String> = self
            .key_names()
            .iter()
            .map(|name| format!("{name} DESC"))
            .collect();
        let (name, key) = (&self.name, self.key_list());
        format!(
            "SELECT {key} FROM {name} ORDER BY {} LIMIT 1",
            backwards.join(", ")
        )
    }

    pub(super) fn read_notes(&self, keys: usize) -> String {
        let (key, notes) = (self.key_list(), self.notes());
        format!("SELECT seq, {key} FROM {notes} ORDER BY seq LIMIT {keys}")
    }

    /// Notes that were seen; later ones about the same rows stay.
    pub(super) fn forget_notes(&self, count: usize) -> String {
        let numbers: Vec<String> = (1..=count).map(|place| format!("?{place}")).collect();
        format!(
            "DELETE FROM {} WHERE seq IN ({})",
            self.notes(),
            numbers.join(", ")
        )
    }

    fn keyed(&self, count: usize) -> String {
        let width = self.key.len();
        let keys: Vec<String> = (0..count)
            .map(|key| places(key * width + 1, width))
            .collect();
        format!("({}) IN (VALUES {})", self.key_list(), keys.join(", "))
    }

    pub(super) fn by_keys(&self, count: usize) -> String {
        format!(
            "SELECT {} FROM {} WHERE {}",
            self.names(),
            self.name,
            self.keyed(count)
        )
    }

    pub(super) fn delete_keys(&self, count: usize) -> String {
        format!("DELETE FROM {} WHERE {}", self.name, self.keyed(count))
    }

    /// Inserts one row.
    pub(in crate::store) fn insert(&self) -> String {
        let places = places(1, self.columns.len());
        format!(
            "INSERT INTO {} ({}) VALUES {places}",
            self.name,
            self.names()
        )
    }

    /// The names of its columns, a comma between.
    pub(in crate::store) fn column_list(&self) -> String {
        self.names()
    }

    /// How many rows, and of each column how many values and what they add up to.
    pub(super) fn fingerprint(&self) -> String {
        let mut parts = vec!["CAST(count(*) AS BIGINT)".to_owned()];
        for (name, kind) in &self.columns {
            parts.push(format!("CAST(count({name}) AS BIGINT)"));
            let sum = match kind {
                Kind::Integer => format!("sum({name} % {MODULUS})"),
                Kind::Text | Kind::Bytes => format!("sum(length({name}))"),
            };
            parts.push(format!("CAST(coalesce({sum}, 0) AS BIGINT)"));
        }
        format!("SELECT {} FROM {}", parts.join(", "), self.name)
    }

    pub(super) fn fingerprint_width(&self) -> usize {
        1 + 2 * self.columns.len()
    }

    pub(super) fn read_row(&self, row: &SqlRow<'_>) -> Sql<Row> {
        self.columns
            .iter()
            .enumerate()
            .map(|(at, (_, kind))| datum(row, at, *kind))
            .collect()
    }

    /// A row of nothing but the key.
    pub(super) fn read_key(&self, row: &SqlRow<'_>) -> Sql<Vec<Datum>> {
        self.key_from(row, 0)
    }

    /// A note: its number, then the key.
    pub(super) fn read_note(&self, row: &SqlRow<'_>) -> Sql<Vec<Datum>> {
        self.key_from(row, 1)
    }

    fn key_from(&self, row: &SqlRow<'_>, from: usize) -> Sql<Vec<Datum>> {
        self.key
            .iter()
            .enumerate()
            .map(|(at, column)| datum(row, from + at, self.columns[*column].1))
            .collect()
    }

    pub(super) fn key_of(&self, row: &Row) -> Vec<Datum> {
        self.key.iter().map(|at| row[*at].clone()).collect()
    }
}

fn places(first: usize, count: usize) -> String {
    let places: Vec<String> = (first..first + count)
        .map(|place| format!("?{place}"))
        .collect();
    format!("({})", places.join(", "))
}

fn datum(row: &SqlRow<'_>, at: usize, kind: Kind) -> Sql<Datum> {
    Ok(match (row.0.cell(at)?, kind) {
        (Cell::Nothing, Kind::Integer) => Datum::Nothing(Sort::Integer),
        (Cell::Nothing, Kind::Text) => Datum::Nothing(Sort::Text),
        (Cell::Nothing, Kind::Bytes) => Datum::Nothing(Sort::Bytes),
        (Cell::Integer(number), Kind::Integer) => Datum::Integer(number),
        (Cell::Text(text), Kind::Text) => Datum::Text(text.to_owned()),
        (Cell::Bytes(bytes), Kind::Bytes) => Datum::Bytes(bytes.to_owned()),
        (_, kind) => {
            return Err(SqlError::Defect(format!(
                "column {at} does not hold {kind:?}"
            )));
        }
    })
}

/// All tables of the newest schema that are the store's, those that others refer to first. What the
/// programs on a database know of each other stays there.
pub(super) fn all() -> StoreResult<Vec<Table>> {
    let defect = |error: rusqlite::Error| StoreError::Internal(error.to_string());
    let mut sql = rusqlite::Connection::open_in_memory().map_err(defect)?;
    // What happens to this one is of no interest to the log.
    tracing::subscriber::with_default(tracing::subscriber::NoSubscriber::default(), || {
        migrate(&mut sql)
    })?;
    let mut statement = sql
        .prepare(
            "SELECT t.name, c.name, c.type, c.pk FROM pragma_table_list t JOIN pragma_table_info(t.name) c \
             WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite_%' \
             AND t.name NOT IN ('nodes', 'login_tries') ORDER BY t.name <> 'workspaces', t.name <> 'users', t.name, c.cid",
        )
        .map_err(defect)?;
    let mut rows = statement.query([]).map_err(defect)?;
    let mut tables: Vec<Table> = Vec::new();
    let mut keys: Vec<Vec<(i64, usize)>> = Vec::new();
    while let Some(row) = rows.next().map_err(defect)? {
        let (name, column): (String, String) =
            (row.get(0).map_err(defect)?, row.get(1).map_err(defect)?);
        let kind: String = row.get(2).map_err(defect)?;
        let place_in_key: i64 = row.get(3).map_err(defect)?;
        if tables.last().is_none_or(|table| table.name != name) {
            tables.push(Table {
                name,
                columns: Vec::new(),
                key: Vec::new(),
            });
            keys.push(Vec::new());
        }
        let (Some(table), Some(key)) = (tables.last_mut(), keys.last_mut()) else {
            continue;
        };
        if place_in_key > 0 {
            key.push((place_in_key, table.columns.len()));
        }
        let kind = match kind.as_str() {
            "INTEGER" => Kind::Integer,
            "TEXT" => Kind::Text,
            _ => Kind::Bytes,
        };
        table.columns.push((column, kind));
    }
    for (table, mut key) in tables.iter_mut().zip(keys) {
        key.sort_unstable();
        table.key = key.into_iter().map(|(_, at)| at).collect();
    }
    Ok(tables)
}

/// Before this nothing of ours was made; what claims to be older stays where unknown months are.
fn not_before_us(month: Month) -> Month {
    month.max(Month::of(Moment::from_millis(millis_of(0))))
}

pub(super) fn months_of_ids(first: i64, last: i64) -> (Month, Month) {
    let month = |id: i64| not_before_us(Month::of(Moment::from_millis(millis_of(id))));
    (month(first), month(last))
}

pub(super) fn months_of_times(first: i64, last: i64) -> (Month, Month) {
    let month = |at: i64| not_before_us(Month::of(Moment(at)));
    (month(first), month(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_a_key_and_statements() {
        let tables = all().unwrap();
        assert!(tables.len() > 25, "{}", tables.len());
        assert_eq!(tables[0].name, "workspaces");
        for table in &tables {
            assert!(!table.key.is_empty(), "{}", table.name);
        }
        let keys = tables
            .iter()
            .find(|table| table.name == "lead_tags")
            .unwrap();
        assert_eq!(keys.key_list(), "tag_id, lead_id");
        assert_eq!(
            keys.by_keys(2),
            "SELECT tag_id, lead_id FROM lead_tags WHERE (tag_id, lead_id) IN (VALUES (?1, ?2), (?3, ?4))"
        );
        assert_eq!(
            keys.next_piece(7),
            "SELECT tag_id, lead_id FROM lead_tags WHERE (tag_id, lead_id) > (?1, ?2) ORDER BY tag_id, lead_id LIMIT 7"
        );
    }
}
