//! Looking for words in the guide: headings that have the whole
//! phrase come first, then those with a word of it, then texts.

use super::Topic;

/// Results on one page; more words find less.
const MOST: usize = 20;
/// Characters of an excerpt around the first word.
const AROUND: usize = 60;

/// A section that has every word.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) href: String,
    pub(super) topic: &'static str,
    /// The heading; the topic's own title where the words are before any other.
    pub(super) title: &'static str,
    pub(super) excerpt: String,
}

/// The sections with all words of `query`, best first.
pub(super) fn find(topics: &'static [Topic], query: &str) -> Vec<Hit> {
    let words: Vec<String> = query
        .split_whitespace()
        .take(8)
        .map(str::to_lowercase)
        .collect();
    if words.is_empty() {
        return Vec::new();
    }
    let phrase = words.join(" ");
    let mut found: Vec<(u8, Hit)> = Vec::new();
    for topic in topics {
        for section in &topic.sections {
            let heading = section.title.to_lowercase();
            let text = section.text.to_lowercase();
            if !words
                .iter()
                .all(|word| heading.contains(word) || text.contains(word))
            {
                continue;
            }
            let in_heading = words.iter().any(|word| heading.contains(word));
            let rank = match (in_heading, section.level) {
                _ if heading.contains(&phrase) => 0,
                (true, 1) => 1,
                (true, _) => 2,
                (false, _) => 3,
            };
            let mut href = format!("/help/{}", topic.slug);
            if !section.id.is_empty() {
                href.push('#');
                href.push_str(&section.id);
            }
            found.push((
                rank,
                Hit {
                    href,
                    topic: &topic.title,
                    title: &section.title,
                    excerpt: excerpt(&section.text, &words),
                },
            ));
        }
    }
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().take(MOST).map(|(_, hit)| hit).collect()
}

/// A piece of the text around the first of the words, or its beginning.
fn excerpt(text: &str, words: &[String]) -> String {
    let chars: Vec<char> = text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .collect();
    // One lower-case letter for each, so that places in both agree.
    let lower: String = chars
        .iter()
        .map(|c| c.to_lowercase().next().unwrap_or(*c))
        .collect();
    let at = words
        .iter()
        .filter_map(|word| lower.find(word.as_str()))
        .min()
        .map_or(0, |byte| lower[..byte].chars().count());
    let mut from = at.saturating_sub(AROUND);
    while from > 0 && from < at && chars[from - 1] != ' ' {
        from += 1;
    }
    let mut to = (at + 2 * AROUND).min(chars.len());
    while to < chars.len() && chars[to] != ' ' {
        to += 1;
    }
    let piece: String = chars[from..to].iter().collect();
    let before = if from > 0 { "… " } else { "" };
    let after = if to < chars.len() { " …" } else { "" };
    format!("{before}{}{after}", piece.trim())
}
