//! Layer 4: pages on this machine, for whoever sits at it. They show and change nothing.

mod loopback;
mod preview;
mod state;

pub use loopback::{listen, serve};
pub use preview::{Draft, Drafter, preview};
pub use state::view;
