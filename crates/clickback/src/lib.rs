//! Clickback: an open, self-hosted postback tracker with a lead CRM. All IO is in this crate; every
//! rule is in `clickback-core`.

pub mod api;
pub mod app;
pub mod catalogue;
pub mod clock;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod ingest;
pub mod load;
pub mod move_store;
pub mod passwords;
pub mod server;
pub mod set_up;
pub mod store;
pub mod telemetry;
pub mod tokens;
pub mod upkeep;
pub mod web;

pub use clickback_core::{ids, people};
