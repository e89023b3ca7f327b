//! One integration binary.

mod bombs;
mod webhook_examples;
