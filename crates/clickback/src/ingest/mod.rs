//! Where postbacks come in: routes, limits of senders, and who a sender is. The steps of one
//! postback are in `postback.rs`.

pub mod postback;

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::any;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use uuid::Uuid;

use crate::app::AppState;

/// Bad addresses and refused senders, per address and second, before 429.
const REFUSALS_PER_SECOND: u32 = 20;
/// How long a uuid that was not in the database is not looked up again.
const FORGET_MISSING_AFTER: Duration = Duration::from_secs(2);
/// Missing uuids that are remembered.
const MISSING_KEPT: usize = 10_000;

/// Routes of the public postback addresses. No login, no cookies, no origin check: partners call.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route(
            "/api/postbacks/{uuid}/tracker-postback",
            any(postback::receive),
        )
        .route(
            "/api/postbacks/{uuid}/tracker-postback/",
            any(postback::receive),
        )
        .route(
            "/api/postbacks/{uuid}/tracker-postback/{*event}",
            any(postback::receive),
        )
}

/// Guards the database against floods of unknown uuids and refused senders. A correctly addressed
/// postback never meets it.
pub struct Guard {
    refusals: DefaultKeyedRateLimiter<IpAddr>,
    missing: Mutex<HashMap<Uuid, Instant>>,
    /// Held while a uuid is looked up: those that come meanwhile wait for the answer.
    looking: tokio::sync::Mutex<()>,
}

impl Default for Guard {
    fn default() -> Self {
        let rate = NonZeroU32::new(REFUSALS_PER_SECOND).unwrap_or(NonZeroU32::MIN);
        Self {
            refusals: RateLimiter::keyed(Quota::per_second(rate)),
            missing: Mutex::new(HashMap::new()),
            looking: tokio::sync::Mutex::new(()),
        }
    }
}

impl Guard {
    /// Counts a refusal; false when the sender had too many.
    fn may_refuse(&self, address: IpAddr) -> bool {
        if self.refusals.len() > MISSING_KEPT {
            self.refusals.retain_recent();
        }
        self.refusals.check_key(&address).is_ok()
    }

    /// Whether the uuid was looked up and not found, or its refusal confirmed, a moment ago. Also where
    /// so many are missing that no more are looked up.
    fn is_missing(&self, uuid: Uuid) -> bool {
        let Ok(mut missing) = self.missing.lock() else {
            return false;
        };
        let now = Instant::now();
        if missing.len() >= MISSING_KEPT {
            missing.retain(|_, at| now.duration_since(*at) < FORGET_MISSING_AFTER);
        }
        match missing.get(&uuid) {
            Some(at) => now.duration_since(*at) < FORGET_MISSING_AFTER,
            None => missing.len() >= MISSING_KEPT,
        }
    }

    /// The uuid is not there, or its refusal is right: not asked again for a moment.
    fn remember_missing(&self, uuid: Uuid) {
        if let Ok(mut missing) = self.missing.lock() {
            missing.insert(uuid, Instant::now());
        }
    }
}
