//! The writer's connection: it holds the node's number as long as it lives, so that nothing is written
//! under a number that another node may have.

use tokio::runtime::Handle;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::store::StoreResult;
use crate::store::inbox::Outcome;
use crate::store::journal::Taken;
use crate::store::sql::apply::Work;
use crate::store::sql::session::{Session, Sql, WriteSession};

use super::batch;
use super::connect::{Address, Purpose};
use super::errors::db;
use super::node::Node;
use super::session::PgSession;
use super::tidings;

/// All that is written is found by its keys, however many are decided together. Left alone, the planner
/// would read a table of a million leads as a whole for a flood of some thousand, at every batch: it takes
/// each look into an index for a look at the disk.
const BY_KEYS: &str =
    "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off";

/// The session of a connection that writes.
pub(super) async fn session(runtime: Handle, client: Client) -> StoreResult<PgSession> {
    client.batch_execute(BY_KEYS).await.map_err(db)?;
    Ok(PgSession::new(runtime, client))
}

pub(super) struct PgWriter {
    pub(super) session: PgSession,
    pub(super) runtime: Handle,
    pub(super) address: Address,
    pub(super) node: Node,
}

impl PgWriter {
    fn connect(&self) -> StoreResult<PgSession> {
        self.runtime.block_on(async {
            let client = self.address.connect(Purpose::Write).await?;
            self.node.take_again(&client).await?;
            session(self.runtime.clone(), client).await
        })
    }
}

impl WriteSession for PgWriter {
    fn session(&self) -> &dyn Session {
        &self.session
    }

    fn is_open(&self) -> bool {
        !self.session.is_closed()
    }

    fn begin(&self) -> Sql<()> {
        self.session.begin()
    }

    fn commit(&self) -> Sql<()> {
        self.session.commit()
    }

    fn roll_back(&self) -> Sql<()> {
        // Outside a transaction this is a warning only.
        self.session.batch("ROLLBACK")
    }

    fn reopen(&mut self) -> StoreResult<()> {
        // The number is bound to the connection: one that works, and to a server that takes writes, is
        // kept.
        let session: &dyn Session = &self.session;
        let primary = session.exists("SELECT 1 WHERE NOT pg_is_in_recovery()", &[]);
        if primary != Ok(true) {
            self.session = self.connect()?;
        }
        Ok(())
    }

    fn decide(&self, work: &mut Work<'_>, taken: &[Taken], doubtful: bool) -> Sql<Vec<Outcome>> {
        batch::decide(&self.session, work, taken, doubtful)
    }

    fn announce_set_up(&self) -> Sql<()> {
        let payload = tidings::set_up(self.node);
        let statement = "SELECT pg_notify($1, $2)";
        let types = [Type::TEXT, Type::TEXT];
        self.session
            .run(statement, &types, &[&tidings::CHANNEL, &payload])
            .map(drop)
    }

    fn lost_race(&self) -> bool {
        self.session.take_raced()
    }
}
