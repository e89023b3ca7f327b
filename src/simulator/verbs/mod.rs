//! What people and tests do, in Rust.

mod checks;
mod deliveries;
mod look;
mod repositories;
mod runs;

pub(crate) use runs::archive;
