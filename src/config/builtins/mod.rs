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
    static GLOBALS: LazyLock<Globals> =
        LazyLock::new(|| GlobalsBuilder::standard().with(all).build());
    &GLOBALS
}

/// Adds all of them.
pub(super) fn all(builder: &mut GlobalsBuilder) {
    language::builtins(builder);
    declare::builtins(builder);
    settings::builtins(builder);
    environment::builtins(builder);
    protection::builtins(builder);
    outcome::builtins(builder);
    repository::builtins(builder);
    host::shared(builder);
    host::builtins(builder);
    builder.namespace("host", host::namespace);
    builder.namespace("http", http::builtins);
    builder.namespace("json", json::builtins);
    builder.namespace("store", repository::store);
}
