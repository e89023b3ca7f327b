//! What this GitHub knows, and the transitions that change it. Every transition emits the webhooks GitHub would send, so
//! that the state and the deliveries cannot disagree. The API, the Rust verbs and the pages all go through these.

pub(crate) mod check;
mod check_event;
pub(crate) mod comment;
pub(crate) mod deployment;
pub(crate) mod dispatch;
pub(crate) mod installation;
pub(crate) mod manifest;
pub(crate) mod merge;
pub(crate) mod pull_request;
pub(crate) mod push;
pub(crate) mod refusal;
pub(crate) mod repository;
mod team;
pub(crate) mod user;
pub(crate) mod workflow;
mod workflow_cancel;
mod workflow_hold;
pub(crate) mod world;
