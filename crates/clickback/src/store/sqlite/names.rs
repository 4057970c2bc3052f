//! Finding parts of names by SQLite's index of three characters.

use crate::store::sql::names::pattern;
use crate::store::sql::session::NameSearch;

/// How a part of a name is looked for.
pub(super) fn name_search(search: &str) -> NameSearch {
    NameSearch {
        from: "lead_names CROSS JOIN leads ON leads.id = lead_names.rowid",
        id: "lead_names.rowid",
        condition: "lead_names MATCH $",
        text: quoted(&pattern(search)),
    }
}

fn quoted(pattern: &str) -> String {
    format!("\"{}\"", pattern.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_one_phrase() {
        for (pattern, expected) in [("ann", "\"ann\""), ("a\"b\"", "\"a\"\"b\"\"\"")] {
            assert_eq!(quoted(pattern), expected);
        }
    }
}
