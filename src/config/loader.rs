//! `load(...)` statements, resolved before the file that has them is evaluated.

use std::collections::HashMap;

use starlark::environment::FrozenModule;
use starlark::eval::FileLoader;

/// The loaded modules by the text the `load` statement uses.
#[derive(Default)]
pub(super) struct LoadedModules(pub(super) HashMap<String, FrozenModule>);

impl FileLoader for LoadedModules {
    fn load(&self, literal: &str) -> starlark::Result<FrozenModule> {
        self.0.get(literal).cloned().ok_or_else(|| {
            starlark::Error::new_other(anyhow::anyhow!("load(\"{literal}\") was not resolved"))
        })
    }
}
