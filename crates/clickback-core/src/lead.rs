//! Statuses of leads: the list that every workspace begins with, and what a status may be.

/// The status that every lead begins with. It can be renamed, and always stays.
pub const FIRST_STATUS: &str = "new";
/// Statuses of a workspace at most.
pub const MAX_STATUSES: usize = 30;
/// Longest name of a status or a tag, characters.
pub const MAX_NAME_CHARS: usize = 40;
/// Tags of one lead at most.
pub const MAX_TAGS: usize = 30;
/// Longest note, characters.
pub const MAX_NOTE_CHARS: usize = 10_000;

/// What a status or its absence looks like; the colours themselves are the style sheet's.
pub const TONES: [&str; 5] = ["quiet", "accent", "good", "warn", "bad"];

/// A status of leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadStatus {
    /// Stays when the name changes.
    pub code: String,
    /// Empty: the program's own word, in the visitor's language.
    pub name: String,
    /// One of [`TONES`].
    pub tone: String,
}

/// The statuses that a workspace begins with.
pub fn usual_statuses() -> Vec<LeadStatus> {
    [
        (FIRST_STATUS, "quiet"),
        ("in_work", "accent"),
        ("registered", "warn"),
        ("deposited", "good"),
        ("lost", "bad"),
    ]
    .into_iter()
    .map(|(code, tone)| LeadStatus {
        code: code.to_owned(),
        name: String::new(),
        tone: tone.to_owned(),
    })
    .collect()
}

/// Why a list of statuses cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadStatuses {
    #[error("the first status is where every lead begins; it can be renamed, not removed")]
    FirstIsMissing,
    #[error("there are more than {MAX_STATUSES} statuses")]
    TooMany,
    #[error("`{0}` is no code of a status: use a–z, 0–9 and _, at most 40")]
    BadCode(String),
    #[error("the code `{0}` is there twice")]
    Twice(String),
    #[error("the status `{0}` has no name")]
    Nameless(String),
    #[error("`{0}` is longer than {MAX_NAME_CHARS} characters")]
    LongName(String),
    #[error("`{0}` is no colour of a status")]
    BadTone(String),
}

/// Checks a whole list of statuses.
pub fn check_statuses(list: &[LeadStatus]) -> Result<(), BadStatuses> {
    if !list.iter().any(|status| status.code == FIRST_STATUS) {
        return Err(BadStatuses::FirstIsMissing);
    }
    if list.len() > MAX_STATUSES {
        return Err(BadStatuses::TooMany);
    }
    let own_words = usual_statuses();
    for (at, status) in list.iter().enumerate() {
        let code = &status.code;
        let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if code.is_empty() || code.len() > MAX_NAME_CHARS || !code.bytes().all(good) {
            return Err(BadStatuses::BadCode(code.clone()));
        }
        if list[..at].iter().any(|other| other.code == *code) {
            return Err(BadStatuses::Twice(code.clone()));
        }
        let has_words = own_words.iter().any(|usual| usual.code == *code);
        if status.name.trim().is_empty() && !has_words {
            return Err(BadStatuses::Nameless(code.clone()));
        }
        if status.name.chars().count() > MAX_NAME_CHARS {
            return Err(BadStatuses::LongName(status.name.clone()));
        }
        if !TONES.contains(&status.tone.as_str()) {
            return Err(BadStatuses::BadTone(status.tone.clone()));
        }
    }
    Ok(())
}

/// A code for a status with this name that no other has: its Latin letters, or a number.
pub fn status_code(name: &str, taken: &[&str]) -> String {
    let mut code = String::new();
    for c in name.trim().to_lowercase().chars() {
        if c.is_ascii_alphanumeric() {
            code.push(c);
        } else if !code.is_empty() && !code.ends_with('_') {
            code.push('_');
        }
    }
    code.truncate(30);
    let base = match code.trim_matches('_') {
        "" => "status",
        code => code,
    };
    if base != "status" && !taken.contains(&base) {
        return base.to_owned();
    }
    let numbered = (2..).map(|number| format!("{base}_{number}"));
    numbered
        .take(MAX_STATUSES + 2)
        .find(|code| !taken.contains(&code.as_str()))
        .unwrap_or_default()
}

/// A tag as it is stored: trimmed, one blank between words. `None` is no tag.
pub fn clean_tag(text: &str) -> Option<String> {
    let tag = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits = !tag.is_empty() && tag.chars().count() <= MAX_NAME_CHARS && !tag.contains(',');
    fits.then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_statuses() {
        let status = |code: &str, name: &str, tone: &str| LeadStatus {
            code: code.to_owned(),
            name: name.to_owned(),
            tone: tone.to_owned(),
        };
        let first = status("new", "", "quiet");
        let long = "x".repeat(41);
        let cases = [
            (
                vec![status("lost", "", "bad")],
                Some(BadStatuses::FirstIsMissing),
            ),
            (vec![first.clone(), status("vip", "VIP", "good")], None),
            (
                vec![first.clone(), status("vip", " ", "good")],
                Some(BadStatuses::Nameless("vip".to_owned())),
            ),
            (
                vec![first.clone(), status("VIP!", "VIP", "good")],
                Some(BadStatuses::BadCode("VIP!".to_owned())),
            ),
            (
                vec![first.clone(), first.clone()],
                Some(BadStatuses::Twice("new".to_owned())),
            ),
            (
                vec![first.clone(), status("a", &long, "good")],
                Some(BadStatuses::LongName(long.clone())),
            ),
            (
                vec![first.clone(), status("a", "A", "pink")],
                Some(BadStatuses::BadTone("pink".to_owned())),
            ),
        ];
        for (list, expected) in cases {
            assert_eq!(check_statuses(&list).err(), expected, "{list:?}");
        }
        assert_eq!(check_statuses(&usual_statuses()), Ok(()));
    }

    #[test]
    fn codes_of_new_statuses() {
        let cases = [
            ("Call back", &[][..], "call_back"),
            ("Call back", &["call_back"], "call_back_2"),
            ("Перезвонить", &[], "status_2"),
            ("Перезвонить", &["status_2"], "status_3"),
            ("  VIP!! ", &[], "vip"),
        ];
        for (name, taken, expected) in cases {
            assert_eq!(status_code(name, taken), expected, "{name}");
        }
    }

    #[test]
    fn tags_are_cleaned() {
        let cases = [
            ("  hot   lead ", Some("hot lead")),
            ("", None),
            ("a,b", None),
            ("<script>", Some("<script>")),
        ];
        for (given, expected) in cases {
            assert_eq!(clean_tag(given).as_deref(), expected, "{given}");
        }
        assert_eq!(clean_tag(&"x".repeat(41)), None);
    }
}
