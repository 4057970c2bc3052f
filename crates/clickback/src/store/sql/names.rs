//! How a part of a name is looked for: what both databases keep of names is the same.

/// Stands twice before each word of a name in the index of names.
const MARK: char = '\u{2}';
/// Characters of a search for a name.
const NAME_CHARS: usize = 100;

/// The part of a kept name that a search means: one or two characters are the beginning of a word.
pub(in crate::store) fn pattern(search: &str) -> String {
    let marks: String = [MARK, MARK].iter().collect();
    let kept: String = search
        .chars()
        .filter(|c| *c != MARK && *c != '\0')
        .take(NAME_CHARS)
        .collect();
    let joined = kept.split_whitespace().collect::<Vec<_>>().join(&marks);
    let beginning = match joined.chars().count() {
        0 | 1 => marks.as_str(),
        2 => &marks[..1],
        _ => "",
    };
    format!("{beginning}{joined}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_search_means() {
        let cases = [
            ("a", "\u{2}\u{2}a"),
            ("an", "\u{2}an"),
            ("ann", "ann"),
            ("Anna  Smith", "Anna\u{2}\u{2}Smith"),
            ("\u{2}", "\u{2}\u{2}"),
        ];
        for (search, expected) in cases {
            assert_eq!(pattern(search), expected, "{search}");
        }
    }
}
