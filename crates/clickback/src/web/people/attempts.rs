//! How often a login may be tried: per address and per account, so that neither a guesser nor his
//! many addresses get far, and nobody else is locked out by them.

use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// Tries a minute for one address with one account.
const PER_PAIR: u32 = 5;
/// Tries a minute for one address, whatever the account.
const PER_ADDRESS: u32 = 30;
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
    /// Counts a try; false when there were too many.
    pub(super) fn may_try(&self, address: IpAddr, login: &str) -> bool {
        if self.pairs.len() > KEPT {
            self.pairs.retain_recent();
            self.addresses.retain_recent();
        }
        let pair = (address, login.trim().to_lowercase());
        self.addresses.check_key(&address).is_ok() && self.pairs.check_key(&pair).is_ok()
    }
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
            .filter(|_| attempts.may_try(guesser, "anna"))
            .count();
        assert_eq!(tries, PER_PAIR as usize);
        assert!(attempts.may_try(other, "Anna"), "from elsewhere");
        assert!(attempts.may_try(guesser, "boris"), "somebody else there");
        let many = (0..100)
            .filter(|number| attempts.may_try(guesser, &format!("user{number}")))
            .count();
        assert!(many < PER_ADDRESS as usize, "{many}");
    }
}
