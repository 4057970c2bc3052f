//! How often a login may be tried: per address and per account, so that neither a guesser nor his
//! many addresses get far, and nobody else is locked out by them. All nodes count together, in the
//! database; what one node has counted itself stands in front of that.

use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use sha2::{Digest as _, Sha256};

use crate::store::{Store, StoreResult};

/// Tries a minute for one address with one account.
const PER_PAIR: u32 = 5;
/// Tries a minute for one address, whatever the account.
const PER_ADDRESS: u32 = 30;
/// What a minute is to the database.
const WINDOW_SECONDS: i64 = 60;
/// Addresses that are remembered before the idle ones are let go.
const KEPT: usize = 10_000;

/// Counts tries.
pub struct Attempts {
    pairs: DefaultKeyedRateLimiter<(IpAddr, String)>,
    addresses: DefaultKeyedRateLimiter<IpAddr>,
}

impl Default for Attempts {
    fn default() -> Self {
        let quota = |n: u32| Quota::per_minute(NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN));
        Self {
            pairs: RateLimiter::keyed(quota(PER_PAIR)),
            addresses: RateLimiter::keyed(quota(PER_ADDRESS)),
        }
    }
}

impl Attempts {
    /// Counts a try, here and on all nodes; false when there were too many.
    pub(super) async fn may_try(
        &self,
        store: &dyn Store,
        address: IpAddr,
        login: &str,
    ) -> StoreResult<bool> {
        if !self.may_try_here(address, login) {
            return Ok(false);
        }
        let who = vec![
            fingerprint(address, Some(login)),
            fingerprint(address, None),
        ];
        let tries = store.count_login_try(who, WINDOW_SECONDS).await?;
        let most = [PER_PAIR, PER_ADDRESS].map(u64::from);
        Ok(tries.iter().zip(most).all(|(tries, most)| *tries <= most))
    }

    fn may_try_here(&self, address: IpAddr, login: &str) -> bool {
        if self.pairs.len() > KEPT {
            self.pairs.retain_recent();
            self.addresses.retain_recent();
        }
        let pair = (address, folded(login));
        self.addresses.check_key(&address).is_ok() && self.pairs.check_key(&pair).is_ok()
    }
}

fn folded(login: &str) -> String {
    login.trim().to_lowercase()
}

/// Stands for an address, or for an address and an account.
fn fingerprint(address: IpAddr, login: Option<&str>) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(address.to_string());
    if let Some(login) = login {
        hash.update([0]);
        hash.update(folded(login));
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_ends_soon_and_locks_nobody_else_out() {
        let attempts = Attempts::default();
        let (guesser, other): (IpAddr, IpAddr) =
            ([203, 0, 113, 9].into(), [198, 51, 100, 7].into());
        let tries = (0..20)
            .filter(|_| attempts.may_try_here(guesser, "anna"))
            .count();
        assert_eq!(tries, PER_PAIR as usize);
        assert!(attempts.may_try_here(other, "Anna"), "from elsewhere");
        assert!(
            attempts.may_try_here(guesser, "boris"),
            "somebody else there"
        );
        let many = (0..100)
            .filter(|number| attempts.may_try_here(guesser, &format!("user{number}")))
            .count();
        assert!(many < PER_ADDRESS as usize, "{many}");
    }
}
