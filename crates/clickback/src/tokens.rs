//! API tokens: 32 random bytes, shown once, stored as their SHA-256.

use rand::RngExt as _;
use sha2::{Digest, Sha256};

/// What every token begins with, so that people and scanners recognise one.
const PREFIX: &str = "cb_";

/// A new token and the hash that is stored of it.
pub fn generate() -> (String, [u8; 32]) {
    let bytes: [u8; 32] = rand::rng().random();
    let digits = bytes
        .iter()
        .fold(String::with_capacity(67), |mut text, byte| {
            use std::fmt::Write as _;
            // Writing into a String does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        });
    let token = format!("{PREFIX}{digits}");
    let hash = hash(&token);
    (token, hash)
}

/// The hash under which a token is stored. Tokens have 256 random bits: one round is enough.
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.trim().as_bytes()).into()
}
