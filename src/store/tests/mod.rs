//! The record on a real database.

mod audit;
mod decision;
mod every_query;
mod intent_branches;
mod leaving;
mod missed;
mod plans;
mod previews;
mod recorded;
mod records;
mod round_trip;
mod verified;
mod watch;
