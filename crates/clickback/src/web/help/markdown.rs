//! Markdown of the guide → HTML of our pages: no raw HTML, headings with ids, code with a copy button,
//! callouts, links between topics, pictures.

use std::fmt;

use askama::filters::HtmlSafe;
use pulldown_cmark::{
    BlockQuoteKind, CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html,
};

use super::super::paint::{self, Segment};
use super::super::parts::CodeBox;
use super::super::ui::Ui;
use super::{Pictures, picture_address};

/// A heading and the text under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) level: u8,
    pub(super) id: String,
    pub(super) title: String,
    /// Without marks, for the search.
    pub(super) text: String,
}

/// What a text is about.
#[derive(Debug, Default)]
pub(super) struct Outline {
    pub(super) title: String,
    /// The first sentence.
    pub(super) summary: String,
    /// The first has the title and the text before any other heading.
    pub(super) sections: Vec<Section>,
}

/// A text as HTML, without its title.
#[derive(Debug, Clone)]
pub(super) struct Article(String);

impl fmt::Display for Article {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Article {}

fn parser(source: &str) -> Parser<'_> {
    Parser::new_ext(source, Options::ENABLE_TABLES | Options::ENABLE_GFM)
}

/// The id of a heading, as code hosts make it, so that links work there too.
pub(super) fn anchor(title: &str) -> String {
    title
        .to_lowercase()
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
            _ => None,
        })
        .collect()
}

fn level(level: HeadingLevel) -> u8 {
    level as u8
}

/// Title, first paragraph and headings of a text.
pub(super) fn outline(source: &str) -> Outline {
    let mut outline = Outline::default();
    let mut heading: Option<(u8, String)> = None;
    for event in parser(source) {
        match event {
            Event::Start(Tag::Heading { level: of, .. }) => {
                heading = Some((level(of), String::new()));
            }
            Event::End(TagEnd::Heading(_)) => {
                if let Some((level, title)) = heading.take() {
                    if level == 1 {
                        outline.title.clone_from(&title);
                    }
                    outline.sections.push(Section {
                        level,
                        id: if level == 1 {
                            String::new()
                        } else {
                            anchor(&title)
                        },
                        title,
                        text: String::new(),
                    });
                }
            }
            Event::End(TagEnd::Paragraph) if outline.summary.is_empty() => {
                if let Some(first) = outline.sections.first() {
                    outline.summary = first_sentence(first.text.trim());
                }
            }
            Event::Text(text) | Event::Code(text) => {
                match (&mut heading, outline.sections.last_mut()) {
                    (Some((_, title)), _) => title.push_str(&text),
                    (None, Some(section)) => section.text.push_str(&text),
                    (None, None) => {}
                }
            }
            Event::SoftBreak
            | Event::HardBreak
            | Event::End(
                TagEnd::Paragraph | TagEnd::Item | TagEnd::TableCell | TagEnd::CodeBlock,
            ) => {
                if let Some(section) = outline.sections.last_mut() {
                    section.text.push(' ');
                }
            }
            _ => {}
        }
    }
    outline
}

fn first_sentence(text: &str) -> String {
    let end = text.find(". ").map_or(text.len(), |at| at + 1);
    text[..end].to_owned()
}

/// The text as HTML.
pub(super) fn article(ui: &Ui, source: &str) -> Article {
    let mut events: Vec<Event<'_>> = Vec::new();
    let mut parser = parser(source);
    let mut in_head = false;
    while let Some(event) = parser.next() {
        match event {
            // Comments mark made parts; other HTML has no business here.
            Event::Html(_) | Event::InlineHtml(_) => {}
            Event::Start(Tag::Heading { level, .. }) => heading(level, &mut parser, &mut events),
            Event::Start(Tag::CodeBlock(kind)) => {
                let text = text_until(&mut parser, TagEnd::CodeBlock);
                events.push(Event::Html(code(ui, &kind, &text).into()));
            }
            Event::Start(Tag::Image { dest_url, .. }) => {
                let alt = text_until(&mut parser, TagEnd::Image);
                events.push(Event::InlineHtml(picture(&dest_url, &alt).into()));
            }
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                title,
                id,
            }) => events.push(Event::Start(Tag::Link {
                link_type,
                dest_url: link(&dest_url),
                title,
                id,
            })),
            Event::Start(Tag::BlockQuote(kind)) => {
                let class = match kind {
                    Some(BlockQuoteKind::Warning | BlockQuoteKind::Caution) => "warn",
                    Some(BlockQuoteKind::Tip) => "tip",
                    _ => "note",
                };
                let icon = ui.icon(match class {
                    "warn" => "flag",
                    "tip" => "check",
                    _ => "help",
                });
                let open = format!(r#"<aside class="say {class}">{icon}<div>"#);
                events.push(Event::Html(open.into()));
            }
            Event::End(TagEnd::BlockQuote(_)) => {
                events.push(Event::Html("</div></aside>\n".into()));
            }
            // Columns are aligned by the style sheet: the renderer would use a style attribute.
            Event::Start(Tag::Table(columns)) => {
                events.push(Event::Html(r#"<div class="wide">"#.into()));
                events.push(Event::Start(Tag::Table(
                    columns
                        .iter()
                        .map(|_| pulldown_cmark::Alignment::None)
                        .collect(),
                )));
            }
            Event::Start(Tag::TableHead) => {
                in_head = true;
                events.push(event);
            }
            Event::End(TagEnd::TableHead) => {
                in_head = false;
                events.push(event);
            }
            Event::Start(Tag::TableCell) if in_head => {
                events.push(Event::Html(r#"<th scope="col">"#.into()));
            }
            Event::End(TagEnd::TableCell) if in_head => {
                events.push(Event::Html("</th>".into()));
            }
            Event::End(TagEnd::Table) => {
                events.push(Event::End(TagEnd::Table));
                events.push(Event::Html("</div>\n".into()));
            }
            other => events.push(other),
        }
    }
    let mut text = String::with_capacity(source.len() * 2);
    html::push_html(&mut text, events.into_iter());
    Article(text)
}

/// A heading with its id; the first level is the page's title and left out.
fn heading<'s>(level: HeadingLevel, parser: &mut Parser<'s>, events: &mut Vec<Event<'s>>) {
    let mut inside = Vec::new();
    let mut title = String::new();
    for event in parser.by_ref() {
        match event {
            Event::End(TagEnd::Heading(_)) => break,
            Event::Text(ref text) | Event::Code(ref text) => {
                title.push_str(text);
                inside.push(event);
            }
            other => inside.push(other),
        }
    }
    if level == HeadingLevel::H1 {
        return;
    }
    events.push(Event::Start(Tag::Heading {
        level,
        id: Some(anchor(&title).into()),
        classes: Vec::new(),
        attrs: Vec::new(),
    }));
    events.append(&mut inside);
    events.push(Event::End(TagEnd::Heading(level)));
}

fn text_until(parser: &mut Parser<'_>, end: TagEnd) -> String {
    let mut text = String::new();
    for event in parser.by_ref() {
        match event {
            Event::End(reached) if reached == end => break,
            Event::Text(part) | Event::Code(part) => text.push_str(&part),
            Event::SoftBreak => text.push(' '),
            _ => {}
        }
    }
    text
}

/// A block of code; the word `url` behind the fence colours it as a link.
fn code(ui: &Ui, kind: &CodeBlockKind<'_>, text: &str) -> String {
    let text = text.trim_end();
    let language = match kind {
        CodeBlockKind::Fenced(language) => language.as_ref(),
        CodeBlockKind::Indented => "",
    };
    let segments = if language == "url" {
        paint::template(text)
    } else {
        vec![Segment::new("", text)]
    };
    let label = ui.t(if language == "url" {
        "help-code-url"
    } else {
        "help-code"
    });
    CodeBox::new(ui, &label, segments).to_string()
}

/// A picture of `docs/pictures`. A drawing is put into the page, so that it follows the theme.
fn picture(address: &str, alt: &str) -> String {
    let name = address.rsplit('/').next().unwrap_or_default();
    let alt = escaped(alt);
    if name.strip_suffix(".svg").is_some() {
        let drawing = Pictures::get(name)
            .and_then(|file| String::from_utf8(file.data.into_owned()).ok())
            .unwrap_or_default();
        return drawing.replacen(
            "<svg ",
            &format!(r#"<svg class="drawing" role="img" aria-label="{alt}" "#),
            1,
        );
    }
    let Some(address) = picture_address(name) else {
        return alt;
    };
    let (width, height) = size(name).unwrap_or((1366, 768));
    let class = if width < height { "shot tall" } else { "shot" };
    format!(
        r#"<a class="{class}" href="{address}"><img src="{address}" alt="{alt}" width="{width}" height="{height}" loading="lazy"></a>"#
    )
}

/// Width and height of a PNG, from its head.
fn size(name: &str) -> Option<(u32, u32)> {
    let data = Pictures::get(name)?.data;
    let number = |at: usize| Some(u32::from_be_bytes(data.get(at..at + 4)?.try_into().ok()?));
    Some((number(16)?, number(20)?))
}

/// `02-first-five-minutes.md#part` → `/help/first-five-minutes#part`; parts of the page and `https://` stay.
pub(super) fn link<'s>(address: &str) -> CowStr<'s> {
    let (path, part) = address.split_at(address.find('#').unwrap_or(address.len()));
    match path
        .strip_suffix(".md")
        .and_then(|name| name.split_once('-'))
    {
        Some((_, slug)) if !path.contains('/') => format!("/help/{slug}{part}").into(),
        _ if address.starts_with('#') || address.starts_with("https://") => {
            address.to_owned().into()
        }
        // Nothing else has business here.
        _ => "#".into(),
    }
}

fn escaped(text: &str) -> String {
    askama::filters::escape(text, askama::filters::Html)
        .map(|text| text.to_string())
        .unwrap_or_default()
}
