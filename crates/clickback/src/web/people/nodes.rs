//! The nodes of the installation: which live, and on which postbacks wait.

use std::borrow::Cow;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use clickback_core::moment::Moment;

use crate::app::AppState;
use crate::store::nodes::Node;

use super::super::error::{self, render};
use super::super::parts::{Icon, When};
use super::super::ui::Ui;
use super::super::visitor::Visitor;
use super::{Place, places};

pub(super) const PAGE: &str = "/settings/nodes";

struct Row {
    name: String,
    own: bool,
    tone: &'static str,
    icon: Icon,
    state: Cow<'static, str>,
    waiting: Cow<'static, str>,
    waits: bool,
    gone: bool,
    seen: When,
    version: String,
}

#[derive(Template)]
#[template(path = "people/nodes.html")]
struct NodesPage<'a> {
    ui: &'a Ui,
    section: &'static str,
    places: Vec<Place>,
    rows: Vec<Row>,
    some_gone: bool,
    /// What waits where there is one program only.
    alone: Cow<'static, str>,
}

/// The page.
pub(super) async fn list(State(app): State<AppState>, visitor: Visitor) -> Response {
    let ui = &visitor.ui;
    let nodes = match app.store.nodes().await {
        Ok(nodes) => nodes,
        Err(cause) => return error::page(ui, &cause),
    };
    let rows: Vec<Row> = if nodes.len() > 1 {
        nodes.into_iter().map(|node| row(ui, node)).collect()
    } else {
        Vec::new()
    };
    render(&NodesPage {
        ui,
        section: "settings",
        places: places(ui, PAGE),
        some_gone: rows.iter().any(|row| row.gone),
        rows,
        alone: waiting(ui, app.store.undecided()),
    })
}

fn waiting(ui: &Ui, count: u64) -> Cow<'static, str> {
    ui.count("node-waiting", usize::try_from(count).unwrap_or(usize::MAX))
}

fn row(ui: &Ui, node: Node) -> Row {
    let (tone, icon, state) = state(&node, ui.now);
    Row {
        own: node.own,
        tone,
        icon: Icon(icon),
        state: ui.t(state),
        waiting: waiting(ui, node.waiting),
        waits: node.waiting > 0,
        gone: !node.is_alive(ui.now) && node.waiting > 0,
        seen: When::new(ui, if node.own { ui.now } else { node.seen_at }),
        name: node.name,
        version: node.version,
    }
}

/// A node that is gone with postbacks that nobody else has is bad; one that was only stopped is not.
fn state(node: &Node, now: Moment) -> (&'static str, &'static str, &'static str) {
    match (node.is_alive(now), node.waiting) {
        (true, _) => ("good", "check", "node-alive"),
        (false, 0) => ("quiet", "pause", "node-stopped"),
        (false, _) => ("bad", "cross", "node-gone"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_node_is_to_others() {
        // Seconds since it was seen, what waits, whether it is the one that was asked.
        let cases = [
            (0, 0, false, "node-alive"),
            (59, 12, false, "node-alive"),
            (60, 0, false, "node-stopped"),
            (60, 12, false, "node-gone"),
            (90_000, 1, false, "node-gone"),
            // It answers this page.
            (600, 12, true, "node-alive"),
        ];
        let now = Moment::from_millis(1_764_034_567_000);
        for (ago, waiting, own, expected) in cases {
            let node = Node {
                name: "db-1".to_owned(),
                version: "1".to_owned(),
                seen_at: now.plus_seconds(-ago),
                waiting,
                own,
            };
            assert_eq!(state(&node, now).2, expected, "{ago} {waiting} {own}");
        }
    }
}
