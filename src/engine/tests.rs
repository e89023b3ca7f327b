//! What the engine decides, told as stories. `story` drives it the way a store and a worker do; the other modules
//! hold one topic each.

mod cockpit;
mod guards;
mod language;
mod laws;
mod memory;
mod model;
mod story;
mod view;
mod words;

mod affected;
mod approvals;
mod break_glass;
mod cascades;
mod chains;
mod chance;
mod commands;
mod doctor;
mod down;
mod effects;
mod environments;
mod fences;
mod gates;
mod head_moved;
mod holds;
mod inputs;
mod intents;
mod lanes;
mod numbering;
mod overdue;
mod overtaken;
mod phases;
mod protection;
mod queues;
mod quirks;
mod random;
mod reports;
mod rights;
mod rollback;
mod rules;
mod status;
mod supersede;
mod teardown;
