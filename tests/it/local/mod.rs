//! The program without a server, driven as people drive it: reference/ocuroot.md §10 through the real binary.

mod basics;
mod place;
mod retries;
mod state_file;
mod validation;
