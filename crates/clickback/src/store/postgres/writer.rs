//! The writer's connection: it holds the node's number as long as it lives, so that nothing is written
//! under a number that another node may have. There is none before the database was joined.

use std::sync::Arc;

use clickback_core::ids::LeadId;
use clickback_core::rollup::{RollupKey, RollupSums};
use tokio::runtime::Handle;
use tokio_postgres::types::Type;

use crate::store::StoreResult;
use crate::store::inbox::Outcome;
use crate::store::journal::Taken;
use crate::store::sql::apply::Work;
use crate::store::sql::rollups::Sums;
use crate::store::sql::session::{
    Each, NameSearch, Session, Sql, SqlError, Turn, Value, WriteSession,
};

use super::batch;
use super::join::Joining;
use super::session::PgSession;
use super::tidings;

/// Requests of one transaction: a batch is a fixed number of round trips, however many are in it.
const BATCH: usize = 4_096;

pub(super) struct PgWriter {
    pub(super) session: Option<PgSession>,
    pub(super) runtime: Handle,
    pub(super) joining: Arc<Joining>,
}

impl PgWriter {
    fn connected(&self) -> Sql<&PgSession> {
        self.session.as_ref().ok_or_else(away)
    }
}

fn away() -> SqlError {
    SqlError::Unavailable("the database is away since this node was started".to_owned())
}

impl WriteSession for PgWriter {
    fn session(&self) -> &dyn Session {
        match &self.session {
            Some(session) => session,
            None => &Away,
        }
    }

    fn is_open(&self) -> bool {
        self.session
            .as_ref()
            .is_some_and(|session| !session.is_closed())
    }

    fn batch(&self) -> usize {
        BATCH
    }

    fn begin(&self) -> Sql<()> {
        self.connected()?.begin()
    }

    fn commit(&self) -> Sql<()> {
        self.connected()?.commit()
    }

    fn roll_back(&self) -> Sql<()> {
        // Outside a transaction this is a warning only.
        self.session().batch("ROLLBACK")
    }

    fn reopen(&mut self) -> StoreResult<()> {
        // The number is bound to the connection: one that works, and to a server that takes writes, is
        // kept.
        let primary = self
            .session()
            .exists("SELECT 1 WHERE NOT pg_is_in_recovery()", &[]);
        if primary != Ok(true) {
            // The old connection ends first: it holds the number.
            self.session = None;
            let reached = self.runtime.block_on(self.joining.join())?;
            self.session = Some(PgSession::new(self.runtime.clone(), reached));
        }
        Ok(())
    }

    fn decide(&self, work: &mut Work<'_>, taken: &[Taken], doubtful: bool) -> Sql<Vec<Outcome>> {
        batch::decide(self.connected()?, work, taken, doubtful)
    }

    fn announce_set_up(&self) -> Sql<()> {
        let payload = tidings::set_up(self.joining.numbers.node());
        let statement = "SELECT pg_notify($1, $2)";
        let types = [Type::TEXT, Type::TEXT];
        self.connected()?
            .run(statement, &types, &[&tidings::CHANNEL, &payload])
            .map(drop)
    }

    fn lost_race(&self) -> bool {
        self.session.as_ref().is_some_and(PgSession::take_raced)
    }

    fn works_here(&self) -> bool {
        false
    }
}

/// Stands for a connection that could not be made yet.
struct Away;

impl Session for Away {
    fn execute(&self, _text: &str, _values: &[Value<'_>]) -> Sql<usize> {
        Err(away())
    }

    fn query(&self, _text: &str, _values: &[Value<'_>], _each: Each<'_>) -> Sql<()> {
        Err(away())
    }

    fn batch(&self, _text: &str) -> Sql<()> {
        Err(away())
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn take_turn(&self, _turn: Turn) -> Sql<()> {
        Err(away())
    }

    fn hold_off(&self, _turn: Turn) -> Sql<()> {
        Err(away())
    }

    fn add_sums(&self, _sums: Sums, _changes: &[(RollupKey, RollupSums)]) -> Sql<()> {
        Err(away())
    }

    fn lock_leads(&self, _leads: &[LeadId]) -> Sql<bool> {
        Err(away())
    }

    fn lost_race(&self, how: &str) -> SqlError {
        SqlError::Unavailable(how.to_owned())
    }

    fn begin_reading(&self) -> Sql<()> {
        Err(away())
    }

    fn name_search(&self, search: &str) -> NameSearch {
        NameSearch {
            from: "leads",
            id: "leads.id",
            condition: "leads.name = $",
            text: search.to_owned(),
        }
    }

    fn damage(&self) -> Sql<Vec<String>> {
        Err(away())
    }
}
