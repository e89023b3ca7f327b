//! Layer 4: what people and workflows type.

pub mod init;
pub mod output;
pub mod run;
