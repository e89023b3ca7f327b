//! What the engine decides, told as stories. `story` drives it the way a store and a worker do; the other modules
//! hold one topic each.

mod language;
mod laws;
mod story;
mod view;

mod affected;
mod chains;
mod commands;
mod down;
mod effects;
mod environments;
mod fences;
mod inputs;
mod numbering;
mod phases;
mod random;
mod reports;
mod status;
mod supersede;
