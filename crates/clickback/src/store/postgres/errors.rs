//! From what PostgreSQL says to the store's errors: what passes by itself is `Unavailable`, what a person
//! has to change is a sentence for him, the rest is a defect.

use std::error::Error as _;
use std::io;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::store::StoreError;
use crate::store::sql::session::SqlError;

/// Maps the error of a statement.
#[expect(clippy::needless_pass_by_value, reason = "`map_err(db)` passes it so")]
pub(super) fn db(error: Error) -> StoreError {
    let reason = spelled(&error);
    let Some(code) = error.code() else {
        // What has no code did not come from the server: the connection broke, or a value does not fit
        // its column, which is a defect.
        return if error.is_closed() || io_error(&error).is_some() {
            StoreError::Unavailable { reason }
        } else {
            StoreError::Internal(reason)
        };
    };
    if *code == SqlState::INSUFFICIENT_PRIVILEGE {
        return StoreError::Invalid {
            message: format!(
                "{reason}: the user of database_url needs to own the database, or at least the schema in it \
                 (ALTER DATABASE … OWNER TO …)"
            ),
        };
    }
    if passes(code) {
        StoreError::Unavailable { reason }
    } else {
        StoreError::Internal(reason)
    }
}

/// What an error means for the transaction that met it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Another transaction stood in the way: run again, it may succeed.
    Raced,
    Failed,
}

/// Maps the error of a statement of a transaction.
pub(super) fn failed(error: Error) -> (SqlError, Fate) {
    let races = [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
    ];
    let code = error.code().cloned();
    let fate = match &code {
        Some(code) if races.contains(code) => Fate::Raced,
        _ => Fate::Failed,
    };
    // Class 23: what a constraint refuses.
    if code.is_some_and(|code| code.code().starts_with("23")) {
        return (SqlError::Taken(spelled(&error)), fate);
    }
    let error = match db(error) {
        StoreError::Unavailable { reason } => SqlError::Unavailable(reason),
        other => SqlError::Defect(other.to_string()),
    };
    (error, fate)
}

/// Whether the same statement may succeed when it is sent again.
fn passes(code: &SqlState) -> bool {
    // Connection, resources, intervention of an operator, system error.
    let classes = ["08", "53", "57", "58"];
    let single = [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::LOCK_NOT_AVAILABLE,
        // The server became a standby.
        SqlState::READ_ONLY_SQL_TRANSACTION,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
    ];
    classes.iter().any(|class| code.code().starts_with(class)) || single.contains(code)
}

/// What is said of a server from which nothing comes.
pub(super) fn no_answer(place: &str) -> String {
    format!(
        "PostgreSQL at {place} does not answer in time: is the address right, and does a firewall let it through?"
    )
}

/// Maps the error of a connection that could not be made. `place` is the address without its password.
pub(super) fn refused(error: &Error, place: &str, user: &str, database: &str) -> StoreError {
    let reason = spelled(error);
    let invalid = |message: String| StoreError::Invalid { message };
    let unavailable = |reason: String| StoreError::Unavailable { reason };
    if let Some(code) = error.code() {
        return match code {
            code if *code == SqlState::INVALID_PASSWORD => invalid(format!(
                "PostgreSQL at {place} refused the password of user `{user}`: check it in database_url"
            )),
            code if *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION => invalid(format!(
                "PostgreSQL at {place} does not let user `{user}` in: {reason}"
            )),
            code if *code == SqlState::INVALID_CATALOG_NAME => invalid(format!(
                "there is no database `{database}` at {place}: make it with CREATE DATABASE {database} OWNER {user}"
            )),
            code if *code == SqlState::TOO_MANY_CONNECTIONS => unavailable(format!(
                "PostgreSQL at {place} has no connection left: raise max_connections there"
            )),
            _ => unavailable(format!("PostgreSQL at {place}: {reason}")),
        };
    }
    if let Some((_, wrong)) = reason.split_once("invalid peer certificate") {
        return invalid(
            if wrong.contains("not valid for name") || wrong.contains("NotValidForName") {
                format!(
                    "the certificate of PostgreSQL at {place} is for another host: use the name that stands in it, or \
                 sslmode=verify-ca"
                )
            } else if wrong.contains("UnknownIssuer") {
                format!(
                    "the certificate of PostgreSQL at {place} is not signed by an authority that is known here: name \
                 the authority's certificate with sslrootcert in database_url"
                )
            } else {
                format!("the certificate of PostgreSQL at {place} is not valid{wrong}")
            },
        );
    }
    if let Some(io) = io_error(error) {
        return match io.kind() {
            io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => unavailable(format!(
                "nothing answers at {place}: is PostgreSQL running there?"
            )),
            io::ErrorKind::TimedOut => unavailable(no_answer(place)),
            // tokio-postgres says so where target_session_attrs is read-write.
            io::ErrorKind::PermissionDenied if reason.contains("does not allow writes") => {
                unavailable(format!(
                    "none of the servers at {place} takes writes now: all are standbys"
                ))
            }
            _ => unavailable(format!("cannot reach PostgreSQL at {place}: {reason}")),
        };
    }
    if reason.contains("server does not support TLS") {
        return invalid(format!(
            "PostgreSQL at {place} does not offer encryption: switch `ssl` on there, or take sslmode out of \
             database_url"
        ));
    }
    if reason.contains("password missing") {
        return invalid(format!(
            "PostgreSQL at {place} asks for a password of user `{user}`, and database_url has none"
        ));
    }
    unavailable(format!("cannot connect to PostgreSQL at {place}: {reason}"))
}

/// The server's own sentence, or the chain of what went wrong on the way, each said once.
fn spelled(error: &Error) -> String {
    if let Some(server) = error.as_db_error() {
        // Not its detail: that quotes values of rows.
        return format!("{} ({})", server.message(), server.code().code());
    }
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

fn io_error(error: &Error) -> Option<&io::Error> {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            return Some(io);
        }
        source = cause.source();
    }
    None
}
