//! Who sent a request: the peer, or behind trusted proxies the right-most address that is none.

use std::net::IpAddr;

use axum::http::HeaderMap;
use clickback_core::postback::net_contains;

/// The sender's address. Headers count only when the peer itself is a trusted proxy.
pub fn address(peer: IpAddr, headers: &HeaderMap, trusted: &[String]) -> IpAddr {
    let is_proxy = |ip: IpAddr| trusted.iter().any(|net| net_contains(net, ip));
    let mut sender = peer.to_canonical();
    if trusted.is_empty() || !is_proxy(sender) {
        return sender;
    }
    let values: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    for hop in values.iter().rev().flat_map(|value| value.rsplit(',')) {
        let Ok(ip) = hop.trim().parse::<IpAddr>() else {
            break;
        };
        sender = ip.to_canonical();
        if !is_proxy(sender) {
            break;
        }
    }
    sender
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_most_untrusted_hop_counts() {
        let trusted = vec!["10.0.0.0/8".to_owned(), "::1".to_owned()];
        let cases: &[(&str, &[&str], &str)] = &[
            ("203.0.113.9", &[], "203.0.113.9"),
            // A stranger's header is not believed.
            ("203.0.113.9", &["198.51.100.7"], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            // The client's own entry stands left of what the proxy saw.
            ("10.0.0.1", &["1.2.3.4, 198.51.100.7"], "198.51.100.7"),
            (
                "10.0.0.1",
                &["1.2.3.4, 198.51.100.7, 10.0.0.2"],
                "198.51.100.7",
            ),
            ("10.0.0.1", &["1.2.3.4", "198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["nonsense"], "10.0.0.1"),
            ("10.0.0.1", &["10.0.0.3"], "10.0.0.3"),
            ("::1", &["2001:db8::5"], "2001:db8::5"),
            ("::ffff:10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
        ];
        for (peer, forwarded, expected) in cases {
            let mut headers = HeaderMap::new();
            for value in *forwarded {
                headers.append("x-forwarded-for", value.parse().unwrap());
            }
            let found = address(peer.parse().unwrap(), &headers, &trusted);
            assert_eq!(found.to_string(), *expected, "{peer} {forwarded:?}");
        }
    }
}
