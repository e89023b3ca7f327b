//! The record on a real database.

mod audit;
mod every_query;
mod plans;
