//! Finding parts of names by SQLite's index of three characters.

use crate::store::sql::session::NameSearch;

/// Stands twice before each word of a name in the index of names.
const MARK: char = '\u{2}';
/// Characters of a search for a name.
const NAME_CHARS: usize = 100;

/// How a part of a name is looked for.
pub(super) fn name_search(search: &str) -> NameSearch {
    NameSearch {
        from: "lead_names CROSS JOIN leads ON leads.id = lead_names.rowid",
        id: "lead_names.rowid",
        condition: "lead_names MATCH $",
        text: name_query(search),
    }
}

/// What finds a part of a name: one or two characters are the beginning of a word.
fn name_query(search: &str) -> String {
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
    format!("\"{beginning}{}\"", joined.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_names_are_asked_for() {
        let cases = [
            ("a", "\"\u{2}\u{2}a\""),
            ("an", "\"\u{2}an\""),
            ("ann", "\"ann\""),
            ("Anna  Smith", "\"Anna\u{2}\u{2}Smith\""),
            ("a\"b\"", "\"a\"\"b\"\"\""),
            ("\u{2}", "\"\u{2}\u{2}\""),
        ];
        for (search, expected) in cases {
            assert_eq!(name_query(search), expected, "{search}");
        }
    }
}
