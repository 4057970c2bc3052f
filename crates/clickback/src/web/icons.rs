//! The shapes of our icons: strokes of 1.5 in a box of 16 × 16, drawn for this project.

/// The shape of an icon; nothing for a name that nobody drew.
pub(super) fn shape(name: &str) -> &'static str {
    match name {
        "inbox" => {
            r#"<path d="M2 9.5 3.8 3.6a1 1 0 0 1 1-.7h6.4a1 1 0 0 1 1 .7L14 9.5v2.6a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1zM2 9.5h3.4l1 1.8h3.2l1-1.8H14"/>"#
        }
        "leads" => {
            r#"<circle cx="6" cy="5.4" r="2.4"/><path d="M1.8 13.2c.2-2.5 1.9-3.9 4.2-3.9s4 1.4 4.2 3.9M10.4 3.2a2.3 2.3 0 0 1 0 4.4M12 9.7c1.3.5 2.1 1.7 2.2 3.5"/>"#
        }
        "plug" => r#"<path d="M5.5 1.8v3M10.5 1.8v3M3.5 4.8h9v2.7a4.5 4.5 0 0 1-9 0zM8 12v2.2"/>"#,
        "check" => r#"<circle cx="8" cy="8" r="6"/><path d="m5.4 8.2 1.8 1.8 3.5-3.9"/>"#,
        "refresh" => {
            r#"<path d="M13.2 6.6A5.5 5.5 0 0 0 3.4 5M2.8 9.4A5.5 5.5 0 0 0 12.6 11M3.2 2.2V5H6M12.8 13.8V11H10"/>"#
        }
        "duplicate" => {
            r#"<rect x="5.5" y="5.5" width="8" height="8" rx="1.5"/><path d="M3.6 10.5a1.1 1.1 0 0 1-1.1-1.1V4A1.5 1.5 0 0 1 4 2.5h5.4a1.1 1.1 0 0 1 1.1 1.1"/>"#
        }
        "question" => {
            r#"<circle cx="8" cy="8" r="6" stroke-dasharray="2.4 2.3"/><path d="M6.3 6.5a1.7 1.7 0 1 1 2.4 1.6c-.5.2-.7.5-.7 1M8 11.1v.1"/>"#
        }
        "help" => {
            r#"<circle cx="8" cy="8" r="6"/><path d="M6.3 6.5a1.7 1.7 0 1 1 2.4 1.6c-.5.2-.7.5-.7 1M8 11.1v.1"/>"#
        }
        "cross" => r#"<circle cx="8" cy="8" r="6"/><path d="m6 6 4 4M10 6l-4 4"/>"#,
        "flag" => r#"<path d="M3.5 14V2.5M3.5 3.3c2.5-1.6 5 1.6 9 0v5.9c-4 1.6-6.5-1.6-9 0"/>"#,
        "copy" => {
            r#"<rect x="5.5" y="5.5" width="8" height="8" rx="1.5"/><path d="M10.5 5.5V4A1.5 1.5 0 0 0 9 2.5H4A1.5 1.5 0 0 0 2.5 4v5A1.5 1.5 0 0 0 4 10.5h1.5"/>"#
        }
        "pencil" => {
            r#"<path d="m3 13 .6-2.8 7.3-7.3a1 1 0 0 1 1.4 0l.8.8a1 1 0 0 1 0 1.4l-7.3 7.3zM9.6 4.2l2.2 2.2"/>"#
        }
        "list" => r#"<path d="M5.5 4h8M5.5 8h8M5.5 12h8M2.6 4h.1M2.6 8h.1M2.6 12h.1"/>"#,
        "split" => {
            r#"<path d="M2.5 8h3l5.5-4.5M5.5 8l5.5 4.5M8.6 3.2l2.6.1.3 2.6M8.6 12.8l2.6-.1.3-2.6"/>"#
        }
        "close" => r#"<path d="m4 4 8 8M12 4l-8 8"/>"#,
        "back" => r#"<path d="M13 8H3.5M7 4 3 8l4 4"/>"#,
        "forward" => r#"<path d="M3 8h9.5M9 4l4 4-4 4"/>"#,
        "chevron" => r#"<path d="m6 3.5 4.5 4.5L6 12.5"/>"#,
        "search" => r#"<circle cx="7" cy="7" r="4.5"/><path d="m10.5 10.5 3.5 3.5"/>"#,
        "pause" => r#"<path d="M5.5 3.5v9M10.5 3.5v9"/>"#,
        "play" => r#"<path d="M4.5 3v10l8-5z"/>"#,
        "sun" => {
            r#"<circle cx="8" cy="8" r="2.8"/><path d="M8 1.5V3M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M12.6 3.4l-1.1 1.1M4.5 11.5l-1.1 1.1"/>"#
        }
        "moon" => r#"<path d="M13.5 9.7A5.9 5.9 0 0 1 6.3 2.5a5.9 5.9 0 1 0 7.2 7.2z"/>"#,
        "monitor" => {
            r#"<rect x="2" y="2.8" width="12" height="8" rx="1.3"/><path d="M5.5 13.5h5M8 11v2.5"/>"#
        }
        "globe" => {
            r#"<circle cx="8" cy="8" r="6"/><path d="M2 8h12M8 2c2 2 2.6 4 2.6 6S10 12 8 14c-2-2-2.6-4-2.6-6S6 4 8 2z"/>"#
        }
        "leave" => {
            r#"<path d="M6.5 2.5H4A1.5 1.5 0 0 0 2.5 4v8A1.5 1.5 0 0 0 4 13.5h2.5M10.5 11l3-3-3-3M13.5 8h-7"/>"#
        }
        "clock" => r#"<circle cx="8" cy="8" r="6"/><path d="M8 4.5V8l2.3 1.5"/>"#,
        "flask" => {
            r#"<path d="M6.5 2.2v4L2.9 12a1.2 1.2 0 0 0 1 1.8h8.2a1.2 1.2 0 0 0 1-1.8L9.5 6.2v-4M5.3 2.2h5.4M4.7 9.5h6.6"/>"#
        }
        "link" => {
            r#"<path d="M6.6 9.4a2.7 2.7 0 0 0 3.9 0l2.2-2.2a2.7 2.7 0 0 0-3.9-3.9l-.9.9M9.4 6.6a2.7 2.7 0 0 0-3.9 0L3.3 8.8a2.7 2.7 0 0 0 3.9 3.9l.9-.9"/>"#
        }
        "doctor" => {
            r#"<path d="M3.5 2.5h-1v3.7a3.2 3.2 0 0 0 6.4 0V2.5h-1M5.7 9.4v1.2a3.2 3.2 0 0 0 6.4 0V9.2"/><circle cx="12.1" cy="7.7" r="1.5"/>"#
        }
        "overview" => r#"<path d="M2.5 13.5v-4M6.2 13.5V4.8M9.8 13.5V7.6M13.5 13.5V2.5"/>"#,
        "circle" => r#"<circle cx="8" cy="8" r="6"/>"#,
        "gear" => {
            r#"<circle cx="8" cy="8" r="2.2"/><path d="M8 1.8v2M8 12.2v2M1.8 8h2M12.2 8h2M3.6 3.6 5 5M11 11l1.4 1.4M12.4 3.6 11 5M5 11l-1.4 1.4"/>"#
        }
        "person" => {
            r#"<circle cx="8" cy="5.5" r="2.7"/><path d="M2.9 13.7c.3-2.8 2.4-4.3 5.1-4.3s4.8 1.5 5.1 4.3"/>"#
        }
        "plus" => r#"<path d="M8 3.5v9M3.5 8h9"/>"#,
        "tick" => r#"<path d="m4 8.4 2.7 2.7L12 5.4"/>"#,
        _ => "",
    }
}
