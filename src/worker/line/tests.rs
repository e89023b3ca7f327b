//! The line without the outside: what a trigger can affect is read from a real database, decided and written down.

mod contract;
mod cost;
mod cost_of_cascades;
mod cost_of_history;
mod database;
mod lanes;
mod record;
mod standing;
mod waking;
