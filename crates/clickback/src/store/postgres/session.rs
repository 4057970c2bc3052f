//! The store's connections on PostgreSQL: statements as SQLite has them, run one after the other by a
//! thread that waits for each.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::pin::pin;
use std::time::{Duration, Instant};

use clickback_core::ids::LeadId;
use clickback_core::rollup::{RollupKey, RollupSums};
use futures_util::StreamExt as _;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Row as PgRow, Statement};

use crate::store::sql::names::pattern;
use crate::store::sql::rollups::Sums;
use crate::store::sql::session::{
    Cell as Column, Columns, Each, NameSearch, Row, Session, Sql, SqlError, Turn, Value,
};

use super::connect::Address;
use super::errors::{Fate, failed, no_answer};
use super::reach::Reached;
use super::rollups;

/// Prepared statements of a connection; lists make texts of many kinds.
const STATEMENTS: usize = 256;

/// The class of the advisory locks by which nodes take turns.
const TURNS: i32 = 0x0063_6c74;

/// A connection that rested for longer is asked whether it still lives before it is used, and given up
/// when nothing comes for so long.
const RESTED: Duration = Duration::from_millis(100);
const PULSE: Duration = Duration::from_secs(2);

/// A connection with its prepared statements.
pub(super) struct PgSession {
    runtime: Handle,
    client: Client,
    /// The one host that it leads to.
    at: Address,
    driver: AbortHandle,
    /// The server did not answer: nothing that comes from it is waited for any more.
    silent: Cell<bool>,
    /// When it was used last.
    used: Cell<Instant>,
    statements: RefCell<HashMap<String, Statement>>,
    /// The transaction lost a race: it may do better when it is run again.
    raced: Cell<bool>,
    /// A statement of the transaction failed: the server would take its commit for the opposite.
    failed: Cell<bool>,
}

impl PgSession {
    pub(super) fn new(runtime: Handle, reached: Reached) -> PgSession {
        PgSession {
            runtime,
            client: reached.client,
            at: reached.at,
            driver: reached.driver,
            silent: Cell::new(false),
            used: Cell::new(Instant::now()),
            statements: RefCell::default(),
            raced: Cell::new(false),
            failed: Cell::new(false),
        }
    }

    /// Whether the connection is known to be broken.
    pub(super) fn is_closed(&self) -> bool {
        self.silent.get() || self.client.is_closed()
    }

    /// Whether the server hangs, as far as this connection knows.
    pub(super) fn is_silent(&self) -> bool {
        self.silent.get()
    }

    /// Whether it can be used; one that rested is asked. A server that was started again closed it, and
    /// one that hangs does not answer.
    pub(super) fn is_fit(&self) -> bool {
        if self.is_closed() || self.used.get().elapsed() <= RESTED {
            return !self.is_closed();
        }
        let asked = async { timeout(PULSE, self.client.check_connection()).await };
        if let Ok(answered) = self.runtime.block_on(asked) {
            return answered.is_ok();
        }
        self.give_up();
        false
    }

    /// Nothing comes any more: the socket closes, whatever the server does.
    fn give_up(&self) {
        self.silent.set(true);
        self.failed.set(true);
        self.driver.abort();
    }

    /// Begins a transaction.
    pub(super) fn begin(&self) -> Sql<()> {
        self.failed.set(false);
        self.batch("BEGIN")
    }

    /// Ends one; an error if it did not do all that it should.
    pub(super) fn commit(&self) -> Sql<()> {
        if self.failed.get() {
            return Err(SqlError::Defect(
                "a statement failed and the transaction went on".to_owned(),
            ));
        }
        self.batch("COMMIT")
    }

    /// Whether a transaction lost a race since this was asked last.
    pub(super) fn take_raced(&self) -> bool {
        self.raced.take()
    }

    /// Runs something on the connection and remembers what its failure means. A server that is silent for
    /// long is asked on another connection whether it lives; if not, this one is given up.
    pub(super) fn wait<T>(
        &self,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Sql<T> {
        let silent = || SqlError::Unavailable(no_answer(&self.at.place()));
        if self.silent.get() {
            return Err(silent());
        }
        let result = self.runtime.block_on(self.at.while_alive(work));
        self.used.set(Instant::now());
        let Some(result) = result else {
            self.give_up();
            return Err(silent());
        };
        result.map_err(|error| {
            let (error, fate) = failed(error);
            self.raced.set(self.raced.get() || fate == Fate::Raced);
            self.failed.set(true);
            error
        })
    }

    /// A statement of this text with values of these types, prepared once.
    pub(super) fn prepared(&self, text: &str, types: &[Type]) -> Sql<Statement> {
        if let Some(known) = self.statements.borrow().get(text) {
            return Ok(known.clone());
        }
        let statement = self.wait(self.client.prepare_typed(&translated(text), types))?;
        let mut statements = self.statements.borrow_mut();
        if statements.len() >= STATEMENTS {
            statements.clear();
        }
        statements.insert(text.to_owned(), statement.clone());
        Ok(statement)
    }

    fn prepared_for(&self, text: &str, values: &[Value<'_>]) -> Sql<Statement> {
        let types: Vec<Type> = values.iter().map(type_of).collect();
        self.prepared(text, &types)
    }

    /// The connection itself.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Every row of a statement that is PostgreSQL's own.
    pub(super) fn all<T>(
        &self,
        text: &str,
        types: &[Type],
        values: &[&(dyn ToSql + Sync)],
        mut read: impl FnMut(&Row<'_>) -> Sql<T>,
    ) -> Sql<Vec<T>> {
        let statement = self.prepared(text, types)?;
        let rows = self.wait(self.client.query(&statement, values))?;
        rows.iter().map(|row| read(&Row(&Found(row)))).collect()
    }

    /// The same for one without rows; returns how many it wrote.
    pub(super) fn run(
        &self,
        text: &str,
        types: &[Type],
        values: &[&(dyn ToSql + Sync)],
    ) -> Sql<u64> {
        let statement = self.prepared(text, types)?;
        self.wait(self.client.execute(&statement, values))
    }
}

fn type_of(value: &Value<'_>) -> Type {
    match value {
        Value::Integer(_) => Type::INT8,
        Value::Text(_) => Type::TEXT,
        Value::Bytes(_) => Type::BYTEA,
    }
}

/// Places are `$1` here, and hints for SQLite's planner go.
fn translated(text: &str) -> String {
    const INDEX_HINT: &str = " INDEXED BY ";
    let mut rest = text;
    let mut out = String::with_capacity(text.len());
    while let Some(at) = rest.find(INDEX_HINT) {
        out.push_str(&rest[..at]);
        rest = &rest[at + INDEX_HINT.len()..];
        rest = rest.find([' ', ',', ')']).map_or("", |end| &rest[end..]);
    }
    out.push_str(rest);
    // A plus keeps SQLite from an index; here it would keep the planner from what it knows of the column.
    out.replace(" CROSS JOIN ", " JOIN ")
        .replace(" +leads.", " leads.")
        .replace(" +inbox.", " inbox.")
        .replace('?', "$")
}

/// A text as PostgreSQL can hold it.
pub(super) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

type Failure = Box<dyn std::error::Error + Sync + Send>;

impl ToSql for Value<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        match self {
            Value::Integer(number) => number.to_sql(ty, out),
            Value::Text(text) => text.map(storable).to_sql(ty, out),
            Value::Bytes(bytes) => bytes.to_sql(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::BYTEA].contains(ty)
    }

    to_sql_checked!();
}

struct Found<'r>(&'r PgRow);

impl Columns for Found<'_> {
    fn cell(&self, at: usize) -> Sql<Column<'_>> {
        let row = self.0;
        let Some(column) = row.columns().get(at) else {
            return Err(SqlError::Defect(format!("there is no column {at}")));
        };
        let cell = match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(at).map(integer),
            Type::INT4 => row.try_get::<_, Option<i32>>(at).map(integer),
            Type::BOOL => row.try_get::<_, Option<bool>>(at).map(integer),
            Type::BYTEA => row
                .try_get::<_, Option<&[u8]>>(at)
                .map(|bytes| bytes.map_or(Column::Nothing, Column::Bytes)),
            _ => row
                .try_get::<_, Option<&str>>(at)
                .map(|text| text.map_or(Column::Nothing, Column::Text)),
        };
        cell.map_err(|error| SqlError::Defect(format!("column {at}: {error}")))
    }
}

fn integer<'r>(number: Option<impl Into<i64>>) -> Column<'r> {
    number.map_or(Column::Nothing, |number| Column::Integer(number.into()))
}

impl Session for PgSession {
    fn execute(&self, text: &str, values: &[Value<'_>]) -> Sql<usize> {
        let statement = self.prepared_for(text, values)?;
        let changed = self.wait(self.client.execute_raw(&statement, values))?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    fn query(&self, text: &str, values: &[Value<'_>], each: Each<'_>) -> Sql<()> {
        let statement = self.prepared_for(text, values)?;
        let mut seen = Ok(());
        self.wait(async {
            let mut rows = pin!(self.client.query_raw(&statement, values).await?);
            while let Some(row) = rows.next().await {
                match each(&Row(&Found(&row?))) {
                    Ok(flow) if flow.is_continue() => {}
                    Ok(_) => break,
                    Err(error) => {
                        seen = Err(error);
                        break;
                    }
                }
            }
            Ok(())
        })?;
        seen
    }

    fn batch(&self, text: &str) -> Sql<()> {
        self.wait(self.client.batch_execute(text))
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn take_turn(&self, turn: Turn) -> Sql<()> {
        let types = [Type::INT4, Type::INT4];
        let values: [&(dyn ToSql + Sync); 2] = [&TURNS, &(turn as i32)];
        self.run("SELECT pg_advisory_xact_lock($1, $2)", &types, &values)?;
        Ok(())
    }

    fn hold_off(&self, turn: Turn) -> Sql<()> {
        let types = [Type::INT4, Type::INT4];
        let values: [&(dyn ToSql + Sync); 2] = [&TURNS, &(turn as i32)];
        let statement = "SELECT pg_advisory_xact_lock_shared($1, $2)";
        self.run(statement, &types, &values).map(drop)
    }

    fn add_sums(&self, sums: Sums, changes: &[(RollupKey, RollupSums)]) -> Sql<()> {
        rollups::add(self, sums, changes)
    }

    fn lock_leads(&self, leads: &[LeadId]) -> Sql<bool> {
        let ids: Vec<i64> = leads.iter().map(|lead| lead.0).collect();
        let there: Vec<i64> = self.all(
            "SELECT id FROM leads WHERE id = ANY($1) ORDER BY id FOR UPDATE",
            &[Type::INT8_ARRAY],
            &[&ids],
            |row| row.get(0),
        )?;
        Ok(ids.iter().all(|id| there.binary_search(id).is_ok()))
    }

    fn let_commit_wait(&self) -> Sql<()> {
        // A transaction that writes no rows does not wait for the synchronous standby. This is a record in
        // the log of changes and nothing else.
        let statement = "SELECT pg_logical_emit_message(true, 'clickback', '')";
        self.run(statement, &[], &[]).map(drop)
    }

    fn begin_reading(&self) -> Sql<()> {
        self.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    fn name_search(&self, search: &str) -> NameSearch {
        NameSearch {
            from: "lead_names JOIN leads ON leads.id = lead_names.rowid",
            id: "lead_names.rowid",
            condition: "char_length($) > 2 \
                 AND lead_name_trigrams(lead_names.name) @> lead_name_trigrams(lead_name_folded($)) \
                 AND strpos(lead_names.name, lead_name_folded($)) > 0",
            text: pattern(search),
        }
    }

    fn damage(&self) -> Sql<Vec<String>> {
        // The server has its own tools for that, and rights are needed to use them.
        Ok(Vec::new())
    }

    fn lost_race(&self, how: &str) -> SqlError {
        self.raced.set(true);
        SqlError::Unavailable(how.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_translated() {
        let cases = [
            (
                "SELECT 1 WHERE a = ?1 AND b = ?12",
                "SELECT 1 WHERE a = $1 AND b = $12",
            ),
            (
                "FROM leads INDEXED BY leads_buyer WHERE a = ?1",
                "FROM leads WHERE a = $1",
            ),
            (
                "FROM v INDEXED BY i CROSS JOIN leads ON leads.id = v.lead_id",
                "FROM v JOIN leads ON leads.id = v.lead_id",
            ),
            ("(SELECT a FROM v INDEXED BY i)", "(SELECT a FROM v)"),
            (
                "WHERE +inbox.integration_id = ?1 AND +leads.buyer_id IN (?2)",
                "WHERE inbox.integration_id = $1 AND leads.buyer_id IN ($2)",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(translated(text), expected);
        }
    }
}
