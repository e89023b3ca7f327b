//! The record on a real database.

mod audit;
mod budgets;
mod decision;
mod every_query;
mod intent_branches;
mod leaving;
mod plans;
mod previews;
mod recorded;
mod records;
mod round_trip;
