//! Workflow files: what they declare, and running them on this machine.

pub(crate) mod expression;
pub(crate) mod workflow;
