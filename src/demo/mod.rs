//! Layer 4: a whole installation on this machine, with a story that shows what it does.
//!
//! The server is the real one, on a real port, with a real database file. Only GitHub is simulated: with real git
//! repositories, signed deliveries, and workflow runs whose steps are really executed here.

mod installation;
mod narrator;
mod news;
mod sample;
mod story;
mod table;

pub use installation::{Addresses, Installation, simulator_options};
pub use narrator::Narrator;
pub use sample::{PLATFORM, STOREFRONT, create_repositories, push_platform, push_storefront};
pub use story::{Scene, scenes};
pub use table::table;
