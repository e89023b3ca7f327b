//! The simulator proves itself: what it promises to be strict about, it is strict about.

mod checks;
mod client;
mod deliveries;
mod dispatch;
mod faults;
mod gate;
mod identity;
mod receiver;
mod repositories;
mod responses;
