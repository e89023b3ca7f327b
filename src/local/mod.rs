//! Layer 4: releases without a server. The same record, the same decisions, in one file on this machine.
//!
//! ```text
//! Project::find        where we are: root, repository name, commit, settings of repo.ocu.star
//! StateFile::lock      nobody else writes; what a killed command left running is failed as lost
//! Session::decide      the server's line without GitHub: snapshot → plan → one transaction
//! Session::work        the outbox is the queue: runs are executed here, each at its release's commit
//! Narrator             what people see meanwhile; in the end `report::terminal_release`
//! ```

mod checkouts;
mod evaluate;
mod execute;
mod intent;
mod intent_files;
mod look;
mod narrator;
mod operations;
mod project;
mod push;
mod queue;
mod release;
mod session;
mod state_file;
mod triggers;
mod work;

pub use intent::step_word;
pub use narrator::Narrator;
pub use project::Project;
pub use push::Pushed;
pub use queue::{Selection, Worked};
pub use release::{Asked, Released, lint};
pub use session::{Reader, Session, WORKSPACE};
pub use work::WorkItem;
