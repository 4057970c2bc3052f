//! PostgreSQL as one side of a move between databases.

use std::pin::pin;

use tokio::runtime::Handle;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::Type;

use crate::store::moving::{Datum, End, FILLED, FILLING, Kind, Row, Spans, Table};
use crate::store::sql::session::{Session, Sql, Value};
use crate::store::{StoreError, StoreResult};

use super::Engine;
use super::connect::{Address, Purpose};
use super::migrate::{migrate, newest, version};
use super::partitions::{Cut, make};
use super::session::PgSession;

/// A connection of its own, and what drives it.
pub(in crate::store) struct PostgresEnd {
    session: PgSession,
    handle: Handle,
    address: Address,
    _engine: Engine,
}

impl PostgresEnd {
    /// Must not be called on a thread of a runtime: it waits.
    pub(in crate::store) fn open(address: &Address) -> StoreResult<PostgresEnd> {
        let engine = Engine::start()?;
        let handle = engine.handle.clone();
        let reached = handle.block_on(async {
            let mut reached = address.reach(Purpose::Write).await?;
            let client = &mut reached.client;
            // A move takes as long as it takes.
            client
                .batch_execute("SET idle_in_transaction_session_timeout = 0; SET client_min_messages = warning")
                .await
                .map_err(super::errors::db)?;
            let found = version(client).await?;
            let begun = "SELECT to_regclass('store_filling') IS NOT NULL OR to_regclass('store_filled') IS NOT NULL \
                 OR to_regclass('store_moved') IS NOT NULL";
            let begun = client.query_one(begun, &[]).await.map_err(super::errors::db)?;
            if !begun.get::<_, bool>(0) {
                migrate(client).await?;
            } else if found != newest() {
                return Err(StoreError::Invalid {
                    message: format!(
                        "{address} was begun to be moved by another version of this program: go on with that one"
                    ),
                });
            }
            Ok(reached)
        })?;
        Ok(PostgresEnd {
            session: PgSession::new(handle.clone(), reached),
            handle,
            address: address.clone(),
            _engine: engine,
        })
    }

    /// Statements that a target has yet to run.
    fn later(&self, phase: i64) -> Sql<Vec<String>> {
        let session: &dyn Session = &self.session;
        session.all(
            &format!("SELECT statement FROM {FILLING} WHERE phase = ?1 ORDER BY statement"),
            &[Value::Integer(Some(phase))],
            |row| row.get(0),
        )
    }

    fn texts(&self, query: &str) -> Sql<Vec<String>> {
        let session: &dyn Session = &self.session;
        session.all(query, &[], |row| row.get(0))
    }

    fn keep(&self, phase: i64, statement: &str) -> Sql<()> {
        self.session.execute(
            &format!("INSERT INTO {FILLING} (phase, statement) VALUES (?1, ?2)"),
            &[Value::Integer(Some(phase)), Value::Text(Some(statement))],
        )?;
        Ok(())
    }

    /// Rows come in no order that foreign keys would like: they are made again at the end.
    fn drop_foreign_keys(&self) -> Sql<()> {
        let made = self.texts(
            "SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, \
             pg_get_constraintdef(oid)) FROM pg_constraint WHERE contype = 'f' \
             AND connamespace = current_schema()::regnamespace",
        )?;
        for statement in made {
            self.keep(FINISH, &statement)?;
        }
        let dropped = self.texts(
            "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint \
             WHERE contype = 'f' AND connamespace = current_schema()::regnamespace",
        )?;
        for statement in dropped {
            self.session.batch(&statement)?;
        }
        Ok(())
    }

    /// Names are indexed in one go.
    fn drop_names_index(&self) -> Sql<()> {
        for statement in self.texts("SELECT pg_get_indexdef(to_regclass('lead_names_trigrams'))")? {
            self.keep(COMPLETE, &statement)?;
        }
        self.session
            .batch("DROP INDEX lead_names_trigrams; ALTER TABLE leads DISABLE TRIGGER USER")
    }

    fn make_months(&self, spans: Spans) -> StoreResult<()> {
        self.handle.block_on(async {
            let mut client = self.address.connect(Purpose::Write).await?;
            for (cut, span) in [(Cut::Inbox, spans.inbox), (Cut::Clicks, spans.clicks)] {
                if let Some((first, last)) = span {
                    make(&mut client, cut, first, last).await?;
                }
            }
            Ok(())
        })
    }
}

/// When a kept statement runs: before changed rows are copied again, and at the end.
const COMPLETE: i64 = 1;
const FINISH: i64 = 2;

fn kind_of(kind: Kind) -> (&'static str, Type) {
    match kind {
        Kind::Integer => ("BIGINT", Type::INT8),
        Kind::Text => ("TEXT COLLATE \"C\"", Type::TEXT),
        Kind::Bytes => ("BYTEA", Type::BYTEA),
    }
}

impl End for PostgresEnd {
    fn session(&self) -> &dyn Session {
        &self.session
    }

    fn capture(&self, table: &Table) -> String {
        let (name, notes, key) = (&table.name, table.notes(), table.key_list());
        let (old, new) = (table.key_of_row("old"), table.key_of_row("new"));
        let columns: Vec<String> = table
            .key_kinds()
            .into_iter()
            .map(|(name, kind)| format!("{name} {} NOT NULL", kind_of(kind).0))
            .collect();
        let columns = columns.join(", ");
        format!(
            "CREATE TABLE IF NOT EXISTS {notes} (seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, {columns}); \
             CREATE OR REPLACE FUNCTION {notes}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $body$ \
             BEGIN \
             IF TG_OP <> 'INSERT' THEN INSERT INTO {notes} ({key}) VALUES ({old}); END IF; \
             IF TG_OP = 'INSERT' OR TG_OP = 'UPDATE' AND ({new}) IS DISTINCT FROM ({old}) THEN \
             INSERT INTO {notes} ({key}) VALUES ({new}); END IF; \
             RETURN NULL; END $body$; \
             CREATE OR REPLACE TRIGGER {notes} AFTER INSERT OR UPDATE OR DELETE ON {name} \
             FOR EACH ROW EXECUTE FUNCTION {notes}()"
        )
    }

    fn release(&self, table: &Table) -> String {
        let (name, notes) = (&table.name, table.notes());
        format!(
            "DROP TRIGGER IF EXISTS {notes} ON {name}; DROP FUNCTION IF EXISTS {notes}(); DROP TABLE IF EXISTS {notes}"
        )
    }

    /// Nodes wait for this transaction, and keep what they accept in their journals.
    fn hold(&self, tables: &[Table]) -> Sql<()> {
        let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        self.session.batch(&format!(
            "BEGIN; LOCK TABLE {} IN EXCLUSIVE MODE",
            names.join(", ")
        ))
    }

    /// A write is refused as on a standby: nodes keep what they accept and try again.
    fn mark_moved(&self, tables: &[Table]) -> Sql<()> {
        self.session.batch(
            "CREATE TABLE store_moved (moved_at TIMESTAMPTZ NOT NULL DEFAULT now()); \
             CREATE FUNCTION store_moved() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN \
             RAISE EXCEPTION 'this store has moved to another database: start the node with that one' \
             USING ERRCODE = 'read_only_sql_transaction'; END $body$",
        )?;
        for table in tables {
            self.session.batch(&format!(
                "CREATE TRIGGER store_moved BEFORE INSERT OR UPDATE OR DELETE ON {} \
                 FOR EACH STATEMENT EXECUTE FUNCTION store_moved()",
                table.name
            ))?;
        }
        Ok(())
    }

    fn unmark(&self, _tables: &[Table]) -> Sql<()> {
        self.session.batch(
            "DROP FUNCTION IF EXISTS store_moved() CASCADE; DROP TABLE IF EXISTS store_moved",
        )
    }

    fn has(&self, table: &str) -> Sql<bool> {
        let session: &dyn Session = &self.session;
        session.exists(
            "SELECT 1 WHERE to_regclass(?1) IS NOT NULL",
            &[Value::Text(Some(table))],
        )
    }

    fn begin_filling(&self, token: &str, spans: Spans) -> StoreResult<()> {
        self.make_months(spans)?;
        if self.has(FILLING)? {
            return Ok(());
        }
        self.session.batch("BEGIN")?;
        if self.has(FILLED)? {
            self.session
                .batch(&format!("ALTER TABLE {FILLED} RENAME TO {FILLING}"))?;
        } else {
            self.session.batch(&format!(
                "CREATE TABLE {FILLING} (phase BIGINT NOT NULL, statement TEXT NOT NULL); DELETE FROM workspaces"
            ))?;
            self.keep(0, token)?;
            self.drop_names_index()?;
        }
        self.drop_foreign_keys()?;
        self.session.batch("COMMIT")?;
        Ok(())
    }

    fn load(&self, table: &Table, rows: &[Row]) -> Sql<()> {
        let types: Vec<Type> = table
            .columns
            .iter()
            .map(|(_, kind)| kind_of(*kind).1)
            .collect();
        let copy = format!(
            "COPY {} ({}) FROM STDIN (FORMAT binary)",
            table.name,
            table.column_list()
        );
        self.session.wait(async {
            let sink = self.session.client().copy_in(&copy).await?;
            let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
            for row in rows {
                let values: Vec<Value<'_>> = row.iter().map(Datum::value).collect();
                writer.as_mut().write_raw(values).await?;
            }
            writer.as_mut().finish().await.map(|_| ())
        })
    }

    fn complete(&self) -> StoreResult<()> {
        let statements = self.later(COMPLETE)?;
        if statements.is_empty() {
            return Ok(());
        }
        self.session.batch(
            "BEGIN; INSERT INTO lead_names (rowid, name) SELECT id, lead_name_marked(lead_name_folded(name)) \
             FROM leads WHERE name <> '' ON CONFLICT DO NOTHING",
        )?;
        for statement in statements {
            self.session.batch(&statement)?;
        }
        self.session.batch(&format!(
            "ALTER INDEX lead_names_trigrams ALTER COLUMN 1 SET STATISTICS 1000; \
             ALTER TABLE leads ENABLE TRIGGER USER; DELETE FROM {FILLING} WHERE phase = {COMPLETE}; COMMIT; ANALYZE"
        ))?;
        Ok(())
    }

    fn finish(&self, _tables: &[Table]) -> StoreResult<()> {
        self.session.batch("BEGIN")?;
        for statement in self.later(FINISH)? {
            self.session.batch(&statement)?;
        }
        // Numbers that the database gives go on behind the highest that came.
        let counters = self.texts(
            "SELECT format('SELECT setval(%L, greatest(1, (SELECT max(%I) FROM %s)))', \
             pg_get_serial_sequence(attrelid::regclass::text, attname), attname, attrelid::regclass) \
             FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE attidentity = 'd' \
             AND relnamespace = current_schema()::regnamespace",
        )?;
        for counter in counters {
            self.session.batch(&counter)?;
        }
        self.session.batch(&format!(
            "DELETE FROM {FILLING} WHERE phase = {FINISH}; ALTER TABLE {FILLING} RENAME TO {FILLED}; COMMIT"
        ))?;
        Ok(())
    }
}
