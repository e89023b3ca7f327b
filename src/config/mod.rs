//! Layer 1: what `*.ocu.star` files mean. A pure function of a source tree and the environments; hosts Starlark.
//!
//! [`evaluate`] reads one file into a package, [`invoke`] calls one function of it. Whatever a function may touch
//! outside comes in through [`Capabilities`]; with [`Denied`] nothing does, which is how the server plans.

mod builtins;
mod capabilities;
mod convert;
mod declared;
mod error;
mod evaluation;
mod expression;
mod functions;
mod inputs;
pub mod intent_file;
mod interactive;
mod invoke;
mod journal;
mod limits;
mod lint;
mod loader;
mod paths;
mod repository;
#[expect(
    unsafe_code,
    reason = "starlark's derives implement its unsafe marker traits; none is written by hand"
)]
mod scope;
mod session;
mod source;
mod tree;
mod validate;
#[expect(
    unsafe_code,
    reason = "starlark's derives implement its unsafe marker traits; none is written by hand"
)]
mod value;
mod version;
pub mod workflow;

pub use capabilities::{
    Capabilities, Denied, HostError, HttpRequest, HttpResponse, ShellCommand, ShellResult,
};
pub use evaluation::{Evaluation, RepositorySettings, StoreSettings, evaluate};
pub use expression::expression;
pub use interactive::{Interpreter, Setting, converse, is_incomplete};
pub use invoke::invoke;
pub use limits::Limits;
pub use repository::{call_trigger, evaluate_repository};
pub use session::Session;
pub use tree::SourceTree;
pub use version::SDK_VERSION;

/// Every builtin with its signature and a description, as a Starlark text for people and programs.
pub const SDK: &str = include_str!("../../templates/sdk.star");

#[cfg(test)]
mod tests;
