//! The writer's connection: it holds the node's number as long as it lives, so that nothing is written
//! under a number that another node may have.

use tokio::runtime::Handle;

use crate::store::sql::session::{Session, Sql, WriteSession};
use crate::store::{StoreError, StoreResult};

use super::connect::{Address, Purpose};
use super::node::Node;
use super::session::PgSession;

pub(super) struct PgWriter {
    pub(super) session: PgSession,
    pub(super) runtime: Handle,
    pub(super) address: Address,
    pub(super) node: Node,
}

impl PgWriter {
    fn connect(&self) -> StoreResult<PgSession> {
        let client = self.runtime.block_on(async {
            let client = self.address.connect(Purpose::Write).await?;
            self.node.take_again(&client).await?;
            Ok::<_, StoreError>(client)
        })?;
        Ok(PgSession::new(self.runtime.clone(), client))
    }
}

impl WriteSession for PgWriter {
    fn session(&self) -> &dyn Session {
        &self.session
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
        // The number is bound to the connection: one that works is kept.
        if self.session.is_closed() || self.session.batch("ROLLBACK").is_err() {
            self.session = self.connect()?;
        }
        Ok(())
    }

    fn lost_race(&self) -> bool {
        self.session.take_raced()
    }
}
