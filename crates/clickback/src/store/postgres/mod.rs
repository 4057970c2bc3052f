//! The store on PostgreSQL: where several nodes share one database.

pub mod connect;
mod errors;
pub mod migrate;
pub mod partitions;
mod tls;
