//! Layer 2: evaluates config files of strangers in child processes of the same binary.
//!
//! No limit inside a Starlark interpreter holds against hostile code: one native operation can eat all memory, time
//! or stack. So the text goes to a child without environment, disk or network, under process limits and a system-call
//! filter; what ends the child is a finding on the file that did it. Children are warm and used again, and share
//! nothing between requests but the process.

mod confine;
mod pool;
mod process;
mod protocol;
mod worker;

pub use pool::{Sandbox, SandboxError, Settings};
pub use worker::worker_main;
