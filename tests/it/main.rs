//! One integration binary.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

mod architecture;
mod audit;
mod bombs;
mod claims;
mod commands;
mod crashes;
mod documentation;
mod faults;
mod forks;
mod github_client;
mod harness;
mod installations;
mod limits;
mod manifest;
mod native;
mod outputs;
mod packaging;
mod pains;
mod protection;
mod pull_requests;
mod push;
mod releases;
mod required_check;
mod rights;
mod runner;
mod second_word;
mod settings;
mod simulator;
mod sweep;
mod two_processes;
mod waves;
mod webhook_examples;
mod webhook_intake;
mod whole;
mod workspaces;
