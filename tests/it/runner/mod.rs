//! The part that runs inside a job, against a server that speaks the protocol and a GitHub that says who the job is.

mod action;
mod bench;
mod claims;
mod functions;
mod program;
mod reports;
mod server;
mod template;
