//! Users, sessions, one-time links and the log.

use async_trait::async_trait;
use clickback_core::ids::{UserId, WorkspaceId};
use clickback_core::moment::Moment;
use clickback_core::people::Role;

use crate::store::integrations::Token;
use crate::store::people::{
    Deed, LinkFor, LogLine, NewUser, PeopleStore, SESSION_IDLE_SECONDS, SESSION_SECONDS, Session,
    User, UserPatch,
};
use crate::store::{StoreError, StoreResult};

use super::SqlStore;
use super::apply::Work;
use super::session::{self, AsValue, Optional as _, Row, Sql, SqlError, Turn, missing, values};
use super::set_up::read_token;

/// A session's last sight is written again after so long: a page is no write.
const SEEN_STEP_SECONDS: i64 = 300;

const USER_COLUMNS: &str = "users.id, users.workspace_id, users.login, users.name, users.role, \
     users.lead_by, users.password_hash, users.created_at, users.disabled_at IS NOT NULL";
const SESSION_COLUMNS: &str = "sessions.hash, sessions.user_id, sessions.agent, sessions.address, \
     sessions.created_at, sessions.seen_at";
const USER_WIDTH: usize = 9;

fn user(row: &Row<'_>) -> Sql<User> {
    let role: String = row.get(4)?;
    Ok(User {
        id: UserId(row.get(0)?),
        workspace: WorkspaceId(row.get(1)?),
        login: row.get(2)?,
        name: row.get(3)?,
        // A role that nobody knows any more may do the least.
        role: Role::from_code(&role).unwrap_or(Role::Viewer),
        lead_by: row.get::<Option<i64>>(5)?.map(UserId),
        password_hash: row.get(6)?,
        created_at: Moment(row.get(7)?),
        disabled: row.get(8)?,
    })
}

fn session_at(row: &Row<'_>, at: usize) -> Sql<Session> {
    Ok(Session {
        hash: row.get(at)?,
        user: UserId(row.get(at + 1)?),
        agent: row.get(at + 2)?,
        address: row.get(at + 3)?,
        created_at: Moment(row.get(at + 4)?),
        seen_at: Moment(row.get(at + 5)?),
    })
}

fn one(sql: &dyn session::Session, condition: &str, value: &impl AsValue) -> Sql<User> {
    sql.one(
        &format!("SELECT {USER_COLUMNS} FROM users WHERE {condition}"),
        values![value],
        user,
    )
}

fn by_id(sql: &dyn session::Session, id: UserId) -> StoreResult<User> {
    one(sql, "id = ?1", &id.0).map_err(missing("user"))
}

/// Alive: not idle for too long, not older than allowed.
fn alive(session: &Session, now: Moment) -> bool {
    now.seconds_since(session.seen_at) < SESSION_IDLE_SECONDS
        && now.seconds_since(session.created_at) < SESSION_SECONDS
}

fn live_link(sql: &dyn session::Session, hash: [u8; 32], now: Moment) -> Sql<Option<LinkFor>> {
    sql.one(
        "SELECT user_id FROM one_time_links WHERE hash = ?1 AND expires_at > ?2",
        values![hash, now.0],
        |row| {
            let user: Option<i64> = row.get(0)?;
            Ok(user.map_or(LinkFor::Owner, |user| LinkFor::User(UserId(user))))
        },
    )
    .optional()
}

impl Work<'_> {
    fn insert_user(&mut self, new: &NewUser) -> StoreResult<User> {
        self.sql.one(&format!(
                    "INSERT INTO users (workspace_id, login, name, role, lead_by, password_hash, created_at) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING {}",
                    USER_COLUMNS.replace("users.", "")
                ),
                values![
                    new.workspace.0,
                    new.login.trim().to_lowercase(),
                    new.name.trim(),
                    new.role.code(),
                    new.lead_by.map(|user| user.0),
                    new.password_hash,
                    self.now.0
                ],
                user,
            )
            .map_err(|error| match error {
                SqlError::Taken(_) => StoreError::Conflict {
                    message: format!("there is a user `{}` already", new.login.trim()),
                },
                other => other.into(),
            })
    }

    fn end_sessions(&self, user: UserId) -> Sql<()> {
        self.sql
            .execute("DELETE FROM sessions WHERE user_id = ?1", values![user.0])
            .map(drop)
    }

    fn change_user(&mut self, id: UserId, patch: &UserPatch) -> StoreResult<User> {
        let before = by_id(self.sql, id)?;
        let (role, lead_by) = patch.place.unwrap_or((before.role, before.lead_by));
        let disabled = patch.disabled.unwrap_or(before.disabled);
        self.sql.execute(
            "UPDATE users SET name = ?2, role = ?3, lead_by = ?4, password_hash = ?5, \
             disabled_at = CASE WHEN ?6 = 1 THEN coalesce(disabled_at, ?7) END WHERE id = ?1",
            values![
                id.0,
                patch
                    .name
                    .as_deref()
                    .map_or(before.name.as_str(), str::trim),
                role.code(),
                lead_by.map(|user| user.0),
                patch
                    .password_hash
                    .as_ref()
                    .unwrap_or(&before.password_hash),
                disabled,
                self.now.0
            ],
        )?;
        if patch.password_hash.is_some() || disabled {
            self.end_sessions(id)?;
        }
        by_id(self.sql, id)
    }

    fn use_up(&self, link: [u8; 32]) -> Sql<()> {
        self.sql
            .execute("DELETE FROM one_time_links WHERE hash = ?1", values![link])
            .map(drop)
    }
}

fn worn_out() -> StoreError {
    StoreError::NotFound { what: "link" }
}

#[async_trait]
impl PeopleStore for SqlStore {
    async fn create_user(&self, new: NewUser) -> StoreResult<User> {
        self.write_in_turn(Turn::People, move |work| work.insert_user(&new))
            .await
    }

    async fn create_owner(&self, link: [u8; 32], new: NewUser) -> StoreResult<User> {
        self.write_in_turn(Turn::People, move |work| {
            if live_link(work.sql, link, work.now)? != Some(LinkFor::Owner) {
                return Err(worn_out());
            }
            let others: bool = work
                .sql
                .one("SELECT EXISTS (SELECT 1 FROM users)", &[], |row| row.get(0))?;
            if others {
                return Err(worn_out());
            }
            work.use_up(link)?;
            work.insert_user(&new)
        })
        .await
    }

    async fn update_user(&self, id: UserId, patch: UserPatch) -> StoreResult<User> {
        self.write_in_turn(Turn::People, move |work| work.change_user(id, &patch))
            .await
    }

    async fn user(&self, id: UserId) -> StoreResult<User> {
        self.read_at_once(move |sql| by_id(sql, id)).await
    }

    async fn user_by_login(&self, login: &str) -> StoreResult<Option<User>> {
        let login = login.trim().to_lowercase();
        self.read_at_once(move |sql| one(sql, "login = ?1", &login).optional())
            .await
    }

    async fn users(&self, workspace: WorkspaceId) -> StoreResult<Vec<User>> {
        self.read_at_once(move |sql| {
            sql.all(
                &format!("SELECT {USER_COLUMNS} FROM users WHERE workspace_id = ?1 ORDER BY id"),
                values![workspace.0],
                user,
            )
        })
        .await
    }

    async fn has_users(&self) -> StoreResult<bool> {
        self.read_at_once(|sql| {
            sql.one(
                "SELECT EXISTS (SELECT 1 FROM users WHERE disabled_at IS NULL)",
                &[],
                |row| row.get(0),
            )
        })
        .await
    }

    async fn create_session(&self, new: Session) -> StoreResult<()> {
        self.write(move |work| {
            // Those that ended by themselves go with the next login.
            work.sql.execute(
                "DELETE FROM sessions WHERE user_id = ?1 AND (seen_at < ?2 OR created_at < ?3)",
                values![
                    new.user.0,
                    work.now.plus_seconds(-SESSION_IDLE_SECONDS).0,
                    work.now.plus_seconds(-SESSION_SECONDS).0
                ],
            )?;
            work.sql
                .execute(
                    "INSERT INTO sessions (hash, user_id, agent, address, created_at, seen_at) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    values![
                        new.hash,
                        new.user.0,
                        new.agent,
                        new.address,
                        new.created_at.0,
                        new.seen_at.0
                    ],
                )
                .map(drop)
        })
        .await
    }

    async fn session(&self, hash: [u8; 32]) -> StoreResult<Option<(Session, User)>> {
        let found = self
            .read_at_once(move |sql| {
                sql.one(
                    &format!(
                        "SELECT {USER_COLUMNS}, {SESSION_COLUMNS} FROM sessions \
                         JOIN users ON users.id = sessions.user_id \
                         WHERE sessions.hash = ?1 AND users.disabled_at IS NULL"
                    ),
                    values![hash],
                    |row| Ok((session_at(row, USER_WIDTH)?, user(row)?)),
                )
                .optional()
            })
            .await?;
        let now = self.shared.clock.now();
        let Some((session, user)) = found.filter(|(session, _)| alive(session, now)) else {
            return Ok(None);
        };
        if now.seconds_since(session.seen_at) >= SEEN_STEP_SECONDS {
            self.write(move |work| {
                work.sql
                    .execute(
                        "UPDATE sessions SET seen_at = ?2 WHERE hash = ?1",
                        values![hash, now.0],
                    )
                    .map(drop)
            })
            .await?;
        }
        Ok(Some((session, user)))
    }

    async fn sessions(&self, user: UserId) -> StoreResult<Vec<Session>> {
        let now = self.shared.clock.now();
        let mut sessions: Vec<Session> = self
            .read_at_once(move |sql| {
                sql.all(&format!(
                    "SELECT {SESSION_COLUMNS} FROM sessions WHERE user_id = ?1 ORDER BY seen_at DESC"
                ), values![user.0], |row| session_at(row, 0))

            })
            .await?;
        sessions.retain(|session| alive(session, now));
        Ok(sessions)
    }

    async fn end_session(&self, user: UserId, hash: [u8; 32]) -> StoreResult<()> {
        self.write(move |work| {
            work.sql
                .execute(
                    "DELETE FROM sessions WHERE hash = ?1 AND user_id = ?2",
                    values![hash, user.0],
                )
                .map(drop)
        })
        .await
    }

    async fn count_login_try(
        &self,
        who: Vec<[u8; 32]>,
        window_seconds: i64,
    ) -> StoreResult<Vec<u64>> {
        self.write(move |work| {
            let over = work.now.plus_seconds(-window_seconds).0;
            // All nodes lock rows in one order.
            let mut order: Vec<usize> = (0..who.len()).collect();
            order.sort_unstable_by_key(|place| who[*place]);
            let mut tries = vec![0; who.len()];
            for place in order {
                tries[place] = work.sql.count(
                    "INSERT INTO login_tries (who, began_at, tries) VALUES (?1, ?2, 1) \
                     ON CONFLICT (who) DO UPDATE SET \
                     tries = CASE WHEN login_tries.began_at > ?3 THEN login_tries.tries + 1 ELSE 1 END, \
                     began_at = CASE WHEN login_tries.began_at > ?3 THEN login_tries.began_at ELSE ?2 END \
                     RETURNING tries",
                    values![who[place], work.now.0, over],
                )?;
            }
            work.sql.execute(
                "DELETE FROM login_tries WHERE began_at <= ?1",
                values![over],
            )?;
            Ok::<_, SqlError>(tries)
        })
        .await
    }

    async fn create_one_time_link(
        &self,
        hash: [u8; 32],
        meant: LinkFor,
        expires_at: Moment,
    ) -> StoreResult<()> {
        self.write_in_turn(Turn::People, move |work| {
            let user = meant.user().map(|user| user.0);
            work.sql
                .execute(
                    "DELETE FROM one_time_links WHERE user_id IS NOT DISTINCT FROM ?1 OR expires_at <= ?2",
                    values![user, work.now.0],
                )?;
            work.sql
                .execute(
                    "INSERT INTO one_time_links (hash, user_id, created_at, expires_at) \
                     VALUES (?1, ?2, ?3, ?4)",
                    values![hash, user, work.now.0, expires_at.0],
                )
                .map(drop)

        })
        .await
    }

    async fn one_time_link(&self, hash: [u8; 32]) -> StoreResult<Option<LinkFor>> {
        let now = self.shared.clock.now();
        self.read_at_once(move |sql| live_link(sql, hash, now))
            .await
    }

    async fn set_password(&self, link: [u8; 32], password_hash: String) -> StoreResult<User> {
        self.write_in_turn(Turn::People, move |work| {
            let Some(LinkFor::User(user)) = live_link(work.sql, link, work.now)? else {
                return Err(worn_out());
            };
            work.use_up(link)?;
            let patch = UserPatch {
                password_hash: Some(password_hash.clone()),
                ..UserPatch::default()
            };
            work.change_user(user, &patch)
        })
        .await
    }

    async fn tokens(&self, workspace: WorkspaceId) -> StoreResult<Vec<Token>> {
        self.read_at_once(move |sql| {
            sql.all(
                "SELECT id, workspace_id, name, created_at FROM api_tokens \
                 WHERE workspace_id = ?1 AND revoked_at IS NULL ORDER BY id",
                values![workspace.0],
                read_token,
            )
        })
        .await
    }

    async fn log(&self, deed: Deed) -> StoreResult<()> {
        self.write(move |work| {
            let id = work.ids.next(work.now.millis());
            work.sql
                .execute(
                    "INSERT INTO audit_log (id, workspace_id, user_id, done_at, action, \
                     subject, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    values![
                        id,
                        deed.workspace.0,
                        deed.user.map(|user| user.0),
                        work.now.0,
                        deed.action,
                        deed.subject,
                        deed.detail
                    ],
                )
                .map(drop)
        })
        .await
    }

    async fn log_lines(
        &self,
        workspace: WorkspaceId,
        before: Option<i64>,
        limit: usize,
    ) -> StoreResult<Vec<LogLine>> {
        self.read_at_once(move |sql| {
            sql.all(
                "SELECT id, user_id, done_at, action, subject, detail FROM audit_log \
                 WHERE workspace_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
                values![
                    workspace.0,
                    before.unwrap_or(i64::MAX),
                    i64::try_from(limit).unwrap_or(i64::MAX)
                ],
                |row| {
                    Ok(LogLine {
                        id: row.get(0)?,
                        user: row.get::<Option<i64>>(1)?.map(UserId),
                        done_at: Moment(row.get(2)?),
                        action: row.get(3)?,
                        subject: row.get(4)?,
                        detail: row.get(5)?,
                    })
                },
            )
        })
        .await
    }
}
