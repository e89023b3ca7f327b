//! The program without a server, driven as people drive it: reference/ocuroot.md §10 through the real binary.

mod approvals;
mod basics;
mod cascade;
mod catalogue;
mod command_line;
mod dependencies;
mod documentation;
mod environments;
mod git_state;
mod intent;
mod intent_files;
mod kills;
pub mod place;
mod pseudo_terminal;
mod push;
mod retries;
mod state_environments;
mod state_file;
mod terminal;
mod validation;
mod view;
