//! What a database is to the statements of this store: it runs them with values and hands out rows.
//! Statements are shared; what only one database can do is a named method.

use std::ops::ControlFlow;

use clickback_core::ids::LeadId;
use clickback_core::rollup::{RollupKey, RollupSums};

use crate::store::StoreError;
use crate::store::inbox::Outcome;
use crate::store::journal::Taken;

use super::apply::Work;
use super::rollups::Sums;

/// Why a statement did not do what it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::store) enum SqlError {
    /// A row that was asked for is not there.
    #[error("a row that should be there is missing")]
    NoRow,
    /// A constraint refuses it: mostly something else has this name.
    #[error("{0}")]
    Taken(String),
    /// It passes by itself: disk full, database away, another transaction in the way.
    #[error("{0}")]
    Unavailable(String),
    /// A defect, or damage.
    #[error("{0}")]
    Defect(String),
}

/// Result of a statement.
pub(in crate::store) type Sql<T> = Result<T, SqlError>;

impl From<SqlError> for StoreError {
    fn from(error: SqlError) -> Self {
        match error {
            SqlError::Unavailable(reason) => StoreError::Unavailable { reason },
            other => StoreError::Internal(other.to_string()),
        }
    }
}

/// A row that is not there is the user's matter, anything else the database's.
pub(in crate::store) fn missing(what: &'static str) -> impl Fn(SqlError) -> StoreError {
    move |error| match error {
        SqlError::NoRow => StoreError::NotFound { what },
        other => other.into(),
    }
}

/// Where no row is an answer, too.
pub(in crate::store) trait Optional<T> {
    /// `None` for a row that is not there.
    fn optional(self) -> Sql<Option<T>>;
}

impl<T> Optional<T> for Sql<T> {
    fn optional(self) -> Sql<Option<T>> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(SqlError::NoRow) => Ok(None),
            Err(other) => Err(other),
        }
    }
}

/// A value on its way to the database. Nothing has a type, too. Truth is 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Value<'v> {
    Integer(Option<i64>),
    Text(Option<&'v str>),
    Bytes(Option<&'v [u8]>),
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Value::Integer(Some(number))
    }
}

/// What can be a value.
pub(in crate::store) trait AsValue {
    /// Nothing of this type.
    const NOTHING: Value<'static>;
    fn as_value(&self) -> Value<'_>;
}

impl AsValue for i64 {
    const NOTHING: Value<'static> = Value::Integer(None);
    fn as_value(&self) -> Value<'_> {
        Value::Integer(Some(*self))
    }
}

impl AsValue for bool {
    const NOTHING: Value<'static> = Value::Integer(None);
    fn as_value(&self) -> Value<'_> {
        Value::Integer(Some(i64::from(*self)))
    }
}

impl AsValue for str {
    const NOTHING: Value<'static> = Value::Text(None);
    fn as_value(&self) -> Value<'_> {
        Value::Text(Some(self))
    }
}

impl AsValue for String {
    const NOTHING: Value<'static> = Value::Text(None);
    fn as_value(&self) -> Value<'_> {
        Value::Text(Some(self))
    }
}

impl AsValue for [u8] {
    const NOTHING: Value<'static> = Value::Bytes(None);
    fn as_value(&self) -> Value<'_> {
        Value::Bytes(Some(self))
    }
}

impl AsValue for Vec<u8> {
    const NOTHING: Value<'static> = Value::Bytes(None);
    fn as_value(&self) -> Value<'_> {
        Value::Bytes(Some(self))
    }
}

impl<const N: usize> AsValue for [u8; N] {
    const NOTHING: Value<'static> = Value::Bytes(None);
    fn as_value(&self) -> Value<'_> {
        Value::Bytes(Some(self))
    }
}

impl<T: AsValue + ?Sized> AsValue for &T {
    const NOTHING: Value<'static> = T::NOTHING;
    fn as_value(&self) -> Value<'_> {
        (**self).as_value()
    }
}

impl<T: AsValue> AsValue for Option<T> {
    const NOTHING: Value<'static> = T::NOTHING;
    fn as_value(&self) -> Value<'_> {
        self.as_ref().map_or(T::NOTHING, AsValue::as_value)
    }
}

/// The values of a statement, each of its own type: what no function can take.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        &[$($crate::store::sql::session::AsValue::as_value(&$value)),*]
    };
}
pub(in crate::store) use values;

/// A column of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Cell<'r> {
    Nothing,
    Integer(i64),
    Text(&'r str),
    Bytes(&'r [u8]),
}

/// The columns of a row, as a database has them.
pub(in crate::store) trait Columns {
    fn cell(&self, at: usize) -> Sql<Cell<'_>>;
}

/// A row.
pub(in crate::store) struct Row<'r>(pub(in crate::store) &'r dyn Columns);

impl Row<'_> {
    /// The column at a place, counted from 0.
    pub(in crate::store) fn get<'c, T: FromCell<'c>>(&'c self, at: usize) -> Sql<T> {
        let cell = self.0.cell(at)?;
        T::from_cell(cell)
            .ok_or_else(|| SqlError::Defect(format!("column {at} holds {}", described(cell))))
    }
}

fn described(cell: Cell<'_>) -> String {
    match cell {
        Cell::Nothing => "nothing".to_owned(),
        Cell::Integer(number) => format!("the number {number}"),
        Cell::Text(text) => format!("the text of {} bytes", text.len()),
        Cell::Bytes(bytes) => format!("{} bytes", bytes.len()),
    }
}

/// What a column can be read as.
pub(in crate::store) trait FromCell<'c>: Sized {
    fn from_cell(cell: Cell<'c>) -> Option<Self>;
}

impl FromCell<'_> for i64 {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Integer(number) => Some(number),
            _ => None,
        }
    }
}

impl FromCell<'_> for bool {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        i64::from_cell(cell).map(|number| number != 0)
    }
}

impl<'c> FromCell<'c> for &'c str {
    fn from_cell(cell: Cell<'c>) -> Option<Self> {
        match cell {
            Cell::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl FromCell<'_> for String {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        <&str>::from_cell(cell).map(str::to_owned)
    }
}

impl<'c> FromCell<'c> for &'c [u8] {
    fn from_cell(cell: Cell<'c>) -> Option<Self> {
        match cell {
            Cell::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

impl FromCell<'_> for Vec<u8> {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        <&[u8]>::from_cell(cell).map(<[u8]>::to_vec)
    }
}

impl<const N: usize> FromCell<'_> for [u8; N] {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        <&[u8]>::from_cell(cell)?.try_into().ok()
    }
}

impl<'c, T: FromCell<'c>> FromCell<'c> for Option<T> {
    fn from_cell(cell: Cell<'c>) -> Option<Self> {
        match cell {
            Cell::Nothing => Some(None),
            other => T::from_cell(other).map(Some),
        }
    }
}

/// Sees rows one after the other and says whether to go on.
pub(in crate::store) type Each<'e> = &'e mut dyn FnMut(&Row<'_>) -> Sql<ControlFlow<()>>;

/// How parts of names are looked for.
pub(in crate::store) struct NameSearch {
    /// A table and its join to `leads`.
    pub(in crate::store) from: &'static str,
    /// The column with the lead's id.
    pub(in crate::store) id: &'static str,
    /// A condition; each `$` stands for the text.
    pub(in crate::store) condition: &'static str,
    pub(in crate::store) text: String,
}

/// Work that one node at a time does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Turn {
    /// Changes of the set-up.
    SetUp = 1,
    /// Changes of people and their links.
    People,
    /// Changes of many leads.
    Leads,
    /// Looking for waiting requests whose lead is there.
    Sweep,
    /// Sealing months.
    Seal,
}

/// A connection. Statements have places `?1`, `?2` … and are kept prepared.
pub(in crate::store) trait Session {
    /// Runs a statement; returns how many rows it wrote.
    fn execute(&self, text: &str, values: &[Value<'_>]) -> Sql<usize>;
    /// Runs a statement and shows its rows.
    fn query(&self, text: &str, values: &[Value<'_>], each: Each<'_>) -> Sql<()>;
    /// Runs statements that have no values and no rows.
    fn batch(&self, text: &str) -> Sql<()>;
    /// Whether other nodes write, too.
    fn is_shared(&self) -> bool;
    /// Waits until no other node is at such work, and keeps them from it until the transaction ends.
    /// Always before leads are locked.
    fn take_turn(&self, turn: Turn) -> Sql<()>;
    /// Keeps such work from beginning until the transaction ends, beside others that do the same. The last
    /// that a transaction waits for.
    fn hold_off(&self, turn: Turn) -> Sql<()>;
    /// Keeps other nodes from deciding on these leads until the transaction ends; false when one of them
    /// went away meanwhile. Where there is one writer, nothing needs to be done.
    fn lock_leads(&self, leads: &[LeadId]) -> Sql<bool>;
    /// The error of a transaction that met what another node did meanwhile, and is to be run again.
    fn lost_race(&self, how: &str) -> SqlError;
    /// Makes the commit wait for the disk and the standbys as if something had been written: what the
    /// transaction only found is as safe then as what it wrote. Where a server that came back from a crash
    /// shows nothing that could still be lost, nothing needs to be done.
    fn let_commit_wait(&self) -> Sql<()> {
        Ok(())
    }
    /// Adds changes to sums, whose rows are made where there are none.
    fn add_sums(&self, sums: Sums, changes: &[(RollupKey, RollupSums)]) -> Sql<()>;
    /// Begins a transaction that only reads, all of it as of one moment.
    fn begin_reading(&self) -> Sql<()>;
    /// How this database finds parts of names.
    fn name_search(&self, search: &str) -> NameSearch;
    /// What the database itself finds damaged, one line each.
    fn damage(&self) -> Sql<Vec<String>>;
}

impl dyn Session + '_ {
    /// Shows every row.
    pub(in crate::store) fn each(
        &self,
        text: &str,
        values: &[Value<'_>],
        mut see: impl FnMut(&Row<'_>) -> Sql<()>,
    ) -> Sql<()> {
        self.query(text, values, &mut |row| {
            see(row).map(|()| ControlFlow::Continue(()))
        })
    }

    /// Every row.
    pub(in crate::store) fn all<T>(
        &self,
        text: &str,
        values: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Sql<T>,
    ) -> Sql<Vec<T>> {
        let mut all = Vec::new();
        self.each(text, values, |row| {
            all.push(read(row)?);
            Ok(())
        })?;
        Ok(all)
    }

    /// The first row; [`SqlError::NoRow`] if there is none.
    pub(in crate::store) fn one<T>(
        &self,
        text: &str,
        values: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Sql<T>,
    ) -> Sql<T> {
        let mut found = None;
        self.query(text, values, &mut |row| {
            found = Some(read(row)?);
            Ok(ControlFlow::Break(()))
        })?;
        found.ok_or(SqlError::NoRow)
    }

    /// Whether there is a row.
    pub(in crate::store) fn exists(&self, text: &str, values: &[Value<'_>]) -> Sql<bool> {
        self.one(text, values, |_| Ok(()))
            .optional()
            .map(|found| found.is_some())
    }

    /// The number of a statement that counts.
    pub(in crate::store) fn count(&self, text: &str, values: &[Value<'_>]) -> Sql<u64> {
        self.one(text, values, |row| row.get::<i64>(0))
            .map(i64::cast_unsigned)
    }
}

/// The writer's connection.
pub(in crate::store) trait WriteSession: Send {
    /// The same connection for statements.
    fn session(&self) -> &dyn Session;
    /// Whether the connection can be used, as far as is known.
    fn is_open(&self) -> bool {
        true
    }
    /// Accepted requests in one transaction at most; so many are decided without further waiting.
    fn batch(&self) -> usize;
    fn begin(&self) -> Sql<()>;
    /// Returns after the transaction is on disk.
    fn commit(&self) -> Sql<()>;
    /// Takes back what the transaction did, if there is one.
    fn roll_back(&self) -> Sql<()>;
    /// Connects anew: a connection that failed is not trusted with the next commit.
    fn reopen(&mut self) -> Result<(), StoreError>;
    /// Decides accepted requests in their order, in the transaction of `work`. Those that may be stored
    /// already are looked up first.
    fn decide(&self, work: &mut Work<'_>, taken: &[Taken], doubtful: bool) -> Sql<Vec<Outcome>> {
        let mut outcomes = Vec::with_capacity(taken.len());
        for taken in taken {
            outcomes.extend(work.decide(taken, doubtful)?);
        }
        Ok(outcomes)
    }
    /// Tells other nodes with the commit that the set-up changed.
    fn announce_set_up(&self) -> Sql<()> {
        Ok(())
    }
    /// Whether the transaction that was taken back last lost a race against another node's, and may do
    /// better when it is run again. Asked once.
    fn lost_race(&self) -> bool {
        false
    }
    /// Whether deciding takes the processor of those who answer, and not that of a server elsewhere.
    fn works_here(&self) -> bool;
    /// Called after each transaction, outside any.
    fn between(&mut self) {}
}
