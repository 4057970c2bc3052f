//! Who may post to an integration: its secrets and its list of addresses.

use std::net::IpAddr;

use subtle::{Choice, ConstantTimeEq};

use crate::params::Params;
use crate::rules::Ruleset;

use super::Rejection;

/// Whether the sender may post here. Secrets are compared in constant time; `address` is the
/// sender's IP after trusted proxies.
pub fn authorize(
    params: &Params<'_>,
    rules: &Ruleset,
    address: Option<IpAddr>,
) -> Result<(), Rejection> {
    let rules = &rules.rules;
    if !rules.secrets.is_empty() {
        let sent = params
            .get("secret")
            .map(|param| param.value.as_bytes())
            .unwrap_or_default();
        let known = rules.secrets.iter().fold(Choice::from(0), |found, secret| {
            found | secret.as_bytes().ct_eq(sent)
        });
        if !bool::from(known) {
            return Err(Rejection::Forbidden);
        }
    }
    if !rules.allowed_ips.is_empty() {
        let allowed =
            address.is_some_and(|ip| rules.allowed_ips.iter().any(|net| net_contains(net, ip)));
        if !allowed {
            return Err(Rejection::Forbidden);
        }
    }
    Ok(())
}

/// Whether `ip` is the address or in the network written as `10.0.0.0/8`.
pub fn net_contains(net: &str, ip: IpAddr) -> bool {
    fn bits(ip: IpAddr) -> (u128, u32) {
        match ip.to_canonical() {
            IpAddr::V4(v4) => (u128::from(u32::from(v4)), 32),
            IpAddr::V6(v6) => (u128::from(v6), 128),
        }
    }
    let (address, prefix) = net
        .split_once('/')
        .map_or((net, None), |(a, p)| (a, Some(p)));
    let Ok(address) = address.trim().parse::<IpAddr>() else {
        return false;
    };
    let ((net_bits, width), (ip_bits, ip_width)) = (bits(address), bits(ip));
    let Ok(prefix) = prefix.map_or(Ok(width), |text| text.trim().parse::<u32>()) else {
        return false;
    };
    if width != ip_width || prefix > width {
        return false;
    }
    let shift = width - prefix;
    prefix == 0 || (net_bits >> shift) == (ip_bits >> shift)
}
