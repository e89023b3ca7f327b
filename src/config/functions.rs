//! Which function is meant: found by identity among the globals of a file and of everything it loads.

use std::collections::HashMap;

use anyhow::bail;
use starlark::environment::FrozenModule;
use starlark::typing::Ty;
use starlark::values::{OwnedFrozenValue, Value};

use crate::model::FunctionName;

/// One evaluated file whose functions can be named.
#[derive(Clone)]
pub(super) struct NamedFile {
    pub(super) path: String,
    pub(super) module: FrozenModule,
    /// The names it binds at its top level.
    pub(super) names: Vec<String>,
}

/// The functions of an entry file and of the files it loads.
#[derive(Default)]
pub(super) struct FunctionIndex {
    files: Vec<NamedFile>,
    by_name: HashMap<String, Vec<usize>>,
}

impl FunctionIndex {
    /// An index of `files`, the entry file first.
    pub(super) fn new(files: Vec<NamedFile>) -> FunctionIndex {
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (position, file) in files.iter().enumerate() {
            for name in &file.names {
                by_name.entry(name.clone()).or_default().push(position);
            }
        }
        FunctionIndex { files, by_name }
    }

    /// The name of a function; `None` for one that is no global, because no later evaluation could find it again.
    pub(super) fn find(&self, function: Value<'_>) -> Option<FunctionName> {
        let own_name = function.function_name().unwrap_or_default();
        let by_own_name = self.by_name.get(own_name).into_iter().flatten();
        for position in by_own_name {
            if self.is_global(*position, own_name, function) {
                return Some(self.name(*position, own_name));
            }
        }
        // A lambda or the result of a factory is known by the name it was assigned to.
        for (position, file) in self.files.iter().enumerate() {
            for name in &file.names {
                if self.is_global(position, name, function) {
                    return Some(self.name(position, name));
                }
            }
        }
        None
    }

    /// The function called `name`.
    pub(super) fn get(&self, name: &FunctionName) -> Option<OwnedFrozenValue> {
        let file = self.files.iter().find(|file| file.path == name.file)?;
        let is_bound = file.names.contains(&name.name);
        let (value, _) = file.module.get_any_visibility(&name.name).ok()?;
        is_bound.then_some(value)
    }

    fn is_global(&self, position: usize, name: &str, function: Value<'_>) -> bool {
        self.files[position]
            .module
            .get_any_visibility(name)
            .is_ok_and(|(value, _)| value.value().ptr_eq(function))
    }

    fn name(&self, position: usize, name: &str) -> FunctionName {
        FunctionName {
            file: self.files[position].path.clone(),
            name: name.to_owned(),
        }
    }
}

/// The parameters of a function of a config file.
pub(super) struct Parameters {
    names: Vec<String>,
    required: Vec<String>,
    takes_any: bool,
}

impl Parameters {
    /// Reads them off a function; `None` if `function` is none that a config file defined.
    pub(super) fn of(function: Value<'_>) -> Option<Parameters> {
        let spec = function.parameters_spec()?;
        let documentation = spec.documentation(vec![Ty::any(); spec.len()], HashMap::new());
        let mut parameters = Parameters {
            names: Vec::new(),
            required: Vec::new(),
            takes_any: documentation.kwargs.is_some(),
        };
        let named = documentation.pos_or_named.into_iter();
        for parameter in named.chain(documentation.named_only) {
            if parameter.default_value.is_none() {
                parameters.required.push(parameter.name.clone());
            }
            parameters.names.push(parameter.name);
        }
        Some(parameters)
    }

    /// The older style: one parameter `ctx` that holds all inputs.
    pub(super) fn is_context_style(&self) -> bool {
        self.names == ["ctx"] && !self.takes_any
    }

    /// Checks that `function` can be called with `inputs` as keyword arguments.
    pub(super) fn check<'a>(
        &self,
        function: &str,
        inputs: impl Iterator<Item = &'a str> + Clone,
    ) -> anyhow::Result<()> {
        if self.is_context_style() {
            return Ok(());
        }
        for input in inputs.clone() {
            if !self.takes_any && !self.names.iter().any(|name| name == input) {
                bail!("Input '{input}' is not in function parameters for '{function}'");
            }
        }
        for required in &self.required {
            if !inputs.clone().any(|input| input == required) {
                bail!(
                    "Function parameter '{required}' is not present in inputs and has no default value for \
                     '{function}'"
                );
            }
        }
        Ok(())
    }
}
