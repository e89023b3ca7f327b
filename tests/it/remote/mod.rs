//! The program with `--server`, driven as people drive it, against the real server and the simulated GitHub.

mod access;
mod checkout;
mod commands;
mod documentation;
mod keys;
mod reading;
mod restarts;
mod rules;
mod verbs;
