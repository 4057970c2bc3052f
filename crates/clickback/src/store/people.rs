//! Types of people, their sessions and one-time links, and of the log of what they did.

use async_trait::async_trait;
use clickback_core::ids::{UserId, WorkspaceId};
use clickback_core::moment::Moment;
use clickback_core::people::Role;

use super::StoreResult;
use super::integrations::Token;

/// A session ends after so long without a page: two weeks.
pub const SESSION_IDLE_SECONDS: i64 = 14 * 86_400;
/// And after so long in any case: ninety days.
pub const SESSION_SECONDS: i64 = 90 * 86_400;

/// Somebody who logs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub workspace: WorkspaceId,
    /// Lower case; an e-mail address or a short name.
    pub login: String,
    pub name: String,
    pub role: Role,
    /// The team lead, for a buyer.
    pub lead_by: Option<UserId>,
    /// In the text form of the hashing library; empty until a password was chosen.
    pub password_hash: String,
    pub created_at: Moment,
    pub disabled: bool,
}

/// What makes a user.
#[derive(Debug, Clone)]
pub struct NewUser {
    pub workspace: WorkspaceId,
    pub login: String,
    pub name: String,
    pub role: Role,
    pub lead_by: Option<UserId>,
    pub password_hash: String,
}

/// Changes of a user; `None` leaves as is.
#[derive(Debug, Clone, Default)]
pub struct UserPatch {
    pub name: Option<String>,
    /// The role, and for a buyer the team lead.
    pub place: Option<(Role, Option<UserId>)>,
    /// Ends all sessions, too.
    pub password_hash: Option<String>,
    /// Ends all sessions, too, where it turns on.
    pub disabled: Option<bool>,
}

/// What a one-time link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkFor {
    /// Makes the first owner.
    Owner,
    /// Sets the password of this user.
    User(UserId),
}

impl LinkFor {
    /// The user, where there is one.
    pub fn user(self) -> Option<UserId> {
        match self {
            LinkFor::Owner => None,
            LinkFor::User(user) => Some(user),
        }
    }
}

/// A login that lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of what the cookie holds; names the session in lists.
    pub hash: [u8; 32],
    pub user: UserId,
    /// The browser, as it calls itself.
    pub agent: String,
    pub address: String,
    pub created_at: Moment,
    pub seen_at: Moment,
}

/// Somebody did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    pub workspace: WorkspaceId,
    /// `None` is the command line.
    pub user: Option<UserId>,
    /// A stable code: `user_added`, `event_voided` …
    pub action: &'static str,
    /// What it was done to, as people call it.
    pub subject: String,
    pub detail: String,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    pub id: i64,
    pub user: Option<UserId>,
    pub done_at: Moment,
    pub action: String,
    pub subject: String,
    pub detail: String,
}

/// People, sessions, one-time links, and the log.
#[async_trait]
pub trait PeopleStore: Send + Sync {
    /// Makes a user; a login that is taken is a conflict.
    async fn create_user(&self, new: NewUser) -> StoreResult<User>;
    /// Makes the first user with a link for that; fails where there is one already.
    async fn create_owner(&self, link: [u8; 32], new: NewUser) -> StoreResult<User>;
    async fn update_user(&self, id: UserId, patch: UserPatch) -> StoreResult<User>;
    async fn user(&self, id: UserId) -> StoreResult<User>;
    async fn user_by_login(&self, login: &str) -> StoreResult<Option<User>>;
    /// Everybody of a workspace, the disabled ones too.
    async fn users(&self, workspace: WorkspaceId) -> StoreResult<Vec<User>>;
    /// Whether anybody can log in.
    async fn has_users(&self) -> StoreResult<bool>;

    async fn create_session(&self, new: Session) -> StoreResult<()>;
    /// The session and its user, where both are alive; remembers that it was seen.
    async fn session(&self, hash: [u8; 32]) -> StoreResult<Option<(Session, User)>>;
    /// The sessions of a user, the one seen last first.
    async fn sessions(&self, user: UserId) -> StoreResult<Vec<Session>>;
    async fn end_session(&self, user: UserId, hash: [u8; 32]) -> StoreResult<()>;

    /// Counts a try to log in for each of these (SHA-256 of whatever tells them apart), on all nodes
    /// together. Returns how many there were since the first of each, which is no older than this.
    async fn count_login_try(
        &self,
        who: Vec<[u8; 32]>,
        window_seconds: i64,
    ) -> StoreResult<Vec<u64>>;

    /// Keeps a one-time link; it replaces the one before for the same.
    async fn create_one_time_link(
        &self,
        hash: [u8; 32],
        meant: LinkFor,
        expires_at: Moment,
    ) -> StoreResult<()>;
    /// Whom a link is for, while it works.
    async fn one_time_link(&self, hash: [u8; 32]) -> StoreResult<Option<LinkFor>>;
    /// Sets a password with a link, which then works no more.
    async fn set_password(&self, link: [u8; 32], password_hash: String) -> StoreResult<User>;

    /// The API tokens of a workspace that work.
    async fn tokens(&self, workspace: WorkspaceId) -> StoreResult<Vec<Token>>;

    async fn log(&self, deed: Deed) -> StoreResult<()>;
    /// The newest lines, before an id.
    async fn log_lines(
        &self,
        workspace: WorkspaceId,
        before: Option<i64>,
        limit: usize,
    ) -> StoreResult<Vec<LogLine>>;
}
