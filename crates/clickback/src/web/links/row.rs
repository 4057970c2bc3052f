//! A registration link in a list: its name, whose it is, and the link to copy.

use clickback_core::link::final_url;

use crate::store::integrations::{Integration, RegistrationLink};
use crate::web::paint::{self, Segment};
use crate::web::parts::Copy;
use crate::web::ui::Ui;

/// One row.
pub(in crate::web) struct LinkRow {
    pub(in crate::web) href: String,
    pub(in crate::web) name: String,
    pub(in crate::web) integration: String,
    pub(in crate::web) url: Vec<Segment>,
    pub(in crate::web) copy: Option<Copy>,
    /// How many things the form warns of.
    pub(in crate::web) warned: usize,
}

/// The row of a link.
pub(in crate::web) fn row(ui: &Ui, integration: &Integration, link: &RegistrationLink) -> LinkRow {
    let built = final_url(&link.base_url, &integration.clickid_param, &link.params).ok();
    LinkRow {
        href: format!("/links/{}", link.id),
        name: link.name.clone(),
        integration: integration.name.clone(),
        url: built
            .as_ref()
            .map(|built| paint::template(&built.url))
            .unwrap_or_default(),
        warned: built.as_ref().map_or(1, |built| built.warnings.len()),
        copy: built.map(|built| Copy::new(ui, built.url)),
    }
}
