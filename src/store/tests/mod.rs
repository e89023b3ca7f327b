//! The record on a real database.

mod every_query;
mod plans;
