//! Workflow files: what they declare, and running them on this machine.
//!
//! `workflow` expands jobs, `support` refuses what cannot be run here, `run` schedules the jobs of a run, `job` gives each a
//! workspace and an environment, `step` runs its steps, `uses` carries out actions, `process` is the shell underneath.

mod composite;
pub(crate) mod expression;
mod files;
mod job;
mod process;
pub(crate) mod run;
mod step;
mod support;
mod uses;
pub(crate) mod workflow;
