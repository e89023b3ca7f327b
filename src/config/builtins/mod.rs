//! The builtins of SDK 0.3.0 and our additions, by subject.

mod action;
#[expect(
    clippy::too_many_arguments,
    reason = "a builtin has as many as its SDK gives it"
)]
mod declare;
mod environment;
mod host;
mod http;
mod json;
mod language;
mod outcome;
mod protection;
mod repository;
mod settings;

use std::sync::LazyLock;

use starlark::environment::{Globals, GlobalsBuilder};

/// Every name a config file can use without defining it.
pub(super) fn globals() -> &'static Globals {
    static GLOBALS: LazyLock<Globals> = LazyLock::new(|| {
        GlobalsBuilder::standard()
            .with(language::builtins)
            .with(declare::builtins)
            .with(settings::builtins)
            .with(environment::builtins)
            .with(protection::builtins)
            .with(outcome::builtins)
            .with(repository::builtins)
            .with(host::shared)
            .with(host::builtins)
            .with_namespace("host", host::namespace)
            .with_namespace("http", http::builtins)
            .with_namespace("json", json::builtins)
            .with_namespace("store", repository::store)
            .build()
    });
    &GLOBALS
}
