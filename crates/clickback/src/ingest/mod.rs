//! Where postbacks come in. No login, no cookies, no origin check: partners call. Here are the limits
//! of senders; the steps of one postback are in `postback.rs`.

mod postback;

pub use postback::{receive, takes};

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use uuid::Uuid;

use crate::store::{StoreError, StoreResult};

/// Bad addresses and refused senders, per address and second, before 429.
const REFUSALS_PER_SECOND: u32 = 20;
/// How long a uuid that was not in the database is not looked up again.
const FORGET_MISSING_AFTER: Duration = Duration::from_secs(2);
/// How long a look-up may take, the wait for its turn included.
const LOOK_UP: Duration = Duration::from_secs(3);
/// So long after a look-up that failed none is tried.
const FAILED_FOR: Duration = Duration::from_secs(1);
/// Missing uuids that are remembered.
const MISSING_KEPT: usize = 10_000;

/// Guards the database against floods of unknown uuids and refused senders. A correctly addressed
/// postback never meets it.
pub struct Guard {
    refusals: DefaultKeyedRateLimiter<IpAddr>,
    missing: Mutex<HashMap<Uuid, Instant>>,
    /// Held while a uuid is looked up: those that come meanwhile wait for the answer.
    looking: tokio::sync::Mutex<()>,
    /// When a look-up failed last, and why.
    failed: Mutex<Option<(Instant, StoreError)>>,
}

impl Default for Guard {
    fn default() -> Self {
        let rate = NonZeroU32::new(REFUSALS_PER_SECOND).unwrap_or(NonZeroU32::MIN);
        Self {
            refusals: RateLimiter::keyed(Quota::per_second(rate)),
            missing: Mutex::new(HashMap::new()),
            looking: tokio::sync::Mutex::new(()),
            failed: Mutex::new(None),
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

    /// Runs a look-up of the set-up, one at a time and each for a bounded time. While the database is away
    /// or hangs, nobody waits for long, and most are told at once: the partner sends again.
    async fn look_up<T>(
        &self,
        known: impl Fn() -> Option<T>,
        look: impl Future<Output = StoreResult<T>>,
    ) -> StoreResult<T> {
        let looked = async {
            if let Some(error) = self.failed_just_now() {
                return Err(error);
            }
            let _turn = self.looking.lock().await;
            // Somebody may have looked it up while this one waited for its turn, or failed to.
            if let Some(known) = known() {
                return Ok(known);
            }
            match self.failed_just_now() {
                Some(error) => Err(error),
                None => look.await,
            }
        };
        let found = match tokio::time::timeout(LOOK_UP, looked).await {
            Ok(found) => found,
            Err(_) => Err(StoreError::Unavailable {
                reason: "the database does not say in time whether there is such an address"
                    .to_owned(),
            }),
        };
        if let Err(error @ StoreError::Unavailable { .. }) = &found
            && let Ok(mut failed) = self.failed.lock()
            && failed
                .as_ref()
                .is_none_or(|(at, _)| at.elapsed() >= FAILED_FOR)
        {
            *failed = Some((Instant::now(), error.clone()));
        }
        found
    }

    fn failed_just_now(&self) -> Option<StoreError> {
        let failed = self.failed.lock().ok()?;
        let (at, error) = failed.as_ref()?;
        (at.elapsed() < FAILED_FOR).then(|| error.clone())
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
