//! Integration tests: one binary, one story per test.

mod github_client;
mod simulator;
mod webhook_examples;
mod webhook_intake;
