//! Secrets and lists of addresses.

use std::net::IpAddr;

use super::*;

#[test]
fn secrets() {
    let rules = ruleset("secrets = ['old-secret', 'new-secret']");
    let rows = [
        ("secret=old-secret", true),
        ("secret=new-secret", true),
        ("clickid=a&secret=new-secret", true),
        ("secret=new-secre", false),
        ("secret=new-secrett", false),
        ("secret=NEW-SECRET", false),
        ("secret=", false),
        ("clickid=a", false),
        ("secret={secret}", false),
    ];
    for (query, allowed) in rows {
        let parts = Parts {
            query: query.as_bytes(),
            content_type: None,
            body: None,
        };
        let params = parts.params(&rules).unwrap();
        assert_eq!(authorize(&params, &rules, None).is_ok(), allowed, "{query}");
        assert_eq!(authorize(&params, &ruleset(""), None), Ok(()), "{query}");
    }
}

#[test]
fn addresses() {
    let rules = ruleset("allowed_ips = ['10.1.0.0/16', '2001:db8::/32', '192.0.2.7']");
    let rows = [
        (Some("10.1.2.3"), true),
        (Some("::ffff:10.1.2.3"), true),
        (Some("10.2.0.0"), false),
        (Some("192.0.2.7"), true),
        (Some("192.0.2.8"), false),
        (Some("2001:db8:1::1"), true),
        (Some("2001:db9::1"), false),
        (None, false),
    ];
    for (address, allowed) in rows {
        let address: Option<IpAddr> = address.map(|text| text.parse().unwrap());
        let outcome = authorize(&Params::new(), &rules, address);
        assert_eq!(outcome.is_ok(), allowed, "{address:?}");
    }
}

#[test]
fn networks() {
    let rows = [
        ("0.0.0.0/0", "203.0.113.9", true),
        ("0.0.0.0/0", "::1", false),
        ("::/0", "::1", true),
        ("10.0.0.1/32", "10.0.0.1", true),
        ("10.0.0.1/32", "10.0.0.2", false),
        ("10.0.0.9/31", "10.0.0.8", true),
        ("10.0.0.9/31", "10.0.0.10", false),
        ("10.0.0.0/33", "10.0.0.0", false),
        ("10.0.0.0/", "10.0.0.0", false),
        ("10.0.0.0/-1", "10.0.0.0", false),
        ("somewhere", "10.0.0.0", false),
        ("", "10.0.0.0", false),
        ("::ffff:10.0.0.1", "10.0.0.1", true),
    ];
    for (net, address, expected) in rows {
        assert_eq!(
            net_contains(net, address.parse().unwrap()),
            expected,
            "{net} {address}"
        );
    }
}
