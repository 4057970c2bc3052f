//! Clickback's rules, without IO: no runtime, HTTP, SQL, clock, randomness or environment here.
//!
//! Read in this order: [`ids`], [`money`] and [`currency`], [`params`] and [`macros`], [`link`],
//! [`postback`] (a request becomes a [`postback::Postback`] or a rejection), [`attribution`] (a
//! postback and what is known become a decision).

mod adapt;
pub mod attribution;
pub mod currency;
pub mod doctor;
pub mod event;
pub mod explain;
pub mod field;
pub mod flag;
pub mod health;
pub mod ids;
pub mod import;
pub mod intake;
pub mod lead;
pub mod link;
pub mod macros;
pub mod moment;
pub mod money;
pub mod month;
pub mod params;
pub mod partner;
pub mod people;
pub mod postback;
pub mod report;
pub mod rollup;
pub mod rules;
pub mod set_up;
pub mod sum;
