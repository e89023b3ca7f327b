//! The simulator proves itself: what it promises to be strict about, it is strict about.

mod actions;
mod checks;
mod client;
mod conversation;
mod deliveries;
mod dispatch;
mod faults;
mod gate;
mod identity;
mod limits;
mod page;
mod receiver;
mod remote;
mod repositories;
mod stopping;
mod teams;
