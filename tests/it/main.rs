//! Integration tests: one binary, one story per test.

mod simulator;
