//! The one integration binary: the whole program over real sockets, on real databases.

mod api;
mod api_crm;
mod browser;
mod catalogue;
mod catalogue_pages;
mod cluster;
mod crash;
mod crash_nodes;
mod crash_postgres;
mod faults;
mod ground;
mod harness;
mod hostile;
mod model;
mod moving;
mod nodes;
mod postgres;
mod postgres_schema;
mod previews;
mod set_up_pages;
mod store_crm;
mod store_inbox;
mod store_separate;
mod store_suite;
mod tidy;
mod walk;
