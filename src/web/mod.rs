//! Layer 4: pages on this machine, for whoever sits at it. They show and change nothing.

mod loopback;
mod preview;

pub use loopback::{listen, serve};
pub use preview::{Draft, Drafter, preview};
