//! Passwords: what one must be, hashing with argon2id off the async threads, comparing in constant
//! time. At most two at a time, so that logins cannot eat the memory.

use std::sync::{Arc, LazyLock};

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

/// Memory of one hash in KiB, passes and lanes: the strongest of the recommended settings that fits
/// a small server.
const MEMORY_KIB: u32 = 47_104;
const PASSES: u32 = 1;
const LANES: u32 = 1;
/// Characters that a password must have.
pub const SHORTEST: usize = 10;
/// Characters that are looked at; a longer text is refused, not cut.
pub const LONGEST: usize = 200;

/// Passwords that are tried first everywhere.
const COMMON: &[&str] = &[
    "1234567890",
    "0123456789",
    "0987654321",
    "1111111111",
    "0000000000",
    "12345678910",
    "1q2w3e4r5t",
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "qwerty1234",
    "qwerty12345",
    "qwerty123456",
    "qwertyuiop",
    "qwertyuiop123",
    "asdfghjkl1",
    "password12",
    "password123",
    "password1234",
    "passw0rd123",
    "iloveyou12",
    "iloveyou123",
    "administrator",
    "changeme123",
    "letmein123",
    "welcome123",
    "welcome1234",
    "football123",
    "baseball123",
    "superman123",
    "zxcvbnm123",
    "йцукенгшщз",
    "пароль12345",
    "пароль1234",
    "parol12345",
    "parol123456",
    "qazwsxedcrfv",
    "abcdefghij",
    "abcd123456",
    "abc1234567",
    "aaaaaaaaaa",
    "1234512345",
    "123456789a",
    "a123456789",
    "123456789q",
    "q123456789",
    "admin12345",
    "admin123456",
    "clickback123",
];

/// Why a password was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weak {
    Short,
    Long,
    Common,
    SameAsLogin,
}

/// Whether a password may be used with this login.
pub fn check(password: &str, login: &str) -> Result<(), Weak> {
    let length = password.chars().count();
    let plain = password.trim().to_lowercase();
    if length < SHORTEST {
        Err(Weak::Short)
    } else if length > LONGEST {
        Err(Weak::Long)
    } else if COMMON.contains(&plain.as_str()) {
        Err(Weak::Common)
    } else if plain == login.trim().to_lowercase() {
        Err(Weak::SameAsLogin)
    } else {
        Ok(())
    }
}

static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(2)));
/// Verified for logins that nobody has, so that the time tells nothing.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now("nobody has this password"));

fn hasher() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash_now(password: &str) -> String {
    // It fails only on parameters, which are constants; an empty hash verifies nothing.
    hasher()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .unwrap_or_default()
}

fn verify_now(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| hasher().verify_password(password.as_bytes(), &hash).is_ok())
}

/// Hashes a password.
pub async fn hash(password: String) -> String {
    in_turn(move || hash_now(&password))
        .await
        .unwrap_or_default()
}

/// Whether the password belongs to the hash; without a hash it takes as long and is false.
pub async fn verify(password: String, hash: Option<String>) -> bool {
    in_turn(move || {
        let hash = hash.filter(|hash| !hash.is_empty());
        let fits = verify_now(&password, hash.as_deref().unwrap_or(&NOBODY));
        fits && hash.is_some()
    })
    .await
    .unwrap_or(false)
}

async fn in_turn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let _turn = Arc::clone(&TURNS).acquire_owned().await.ok()?;
    tokio::task::spawn_blocking(work).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_password_must_be() {
        for (password, expected) in [
            ("short", Err(Weak::Short)),
            ("пароль123", Err(Weak::Short)),
            ("Password123", Err(Weak::Common)),
            ("anna@team.example", Err(Weak::SameAsLogin)),
            ("correct horse battery", Ok(())),
            ("длинный пароль", Ok(())),
        ] {
            assert_eq!(check(password, "Anna@team.example"), expected, "{password}");
        }
        assert_eq!(check(&"x".repeat(201), ""), Err(Weak::Long));
    }

    #[tokio::test]
    async fn only_the_right_password_passes() {
        let hash = hash("correct horse".to_owned()).await;
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        assert!(verify("correct horse".to_owned(), Some(hash.clone())).await);
        assert!(!verify("correct horse ".to_owned(), Some(hash)).await);
        assert!(!verify("correct horse".to_owned(), None).await);
        assert!(!verify(String::new(), Some(String::new())).await);
    }
}
