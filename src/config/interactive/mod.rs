//! Config files by hand: one input after the other, with the SDK and the names of a file at hand.

mod help;
mod incomplete;
mod show;

use std::rc::Rc;

use starlark::environment::{FrozenModule, Globals, GlobalsBuilder, Module};
use starlark::eval::Evaluator;
use starlark::syntax::AstModule;
use starlark::values::dict::AllocDict;

pub use incomplete::is_incomplete;

use super::capabilities::Capabilities;
use super::functions::FunctionIndex;
use super::journal::Journal;
use super::limits::Limits;
use super::scope::{Role, Scope, Stage};
use super::session::{Evaluated, Session, entry_role, set_limits};
use super::tree::SourceTree;
use super::{builtins, error, source};
use crate::model::{Diagnostic, Environment};

/// What inputs are called in messages.
const INPUT: &str = "input";
/// Holds the last value.
const LAST: &str = "_";

/// What inputs are evaluated with.
pub struct Setting<'a> {
    /// The config files.
    pub tree: &'a SourceTree,
    /// The file whose names are at hand, if any.
    pub file: Option<&'a str>,
    /// What `environments()` answers.
    pub environments: &'a [Environment],
    /// What may be touched outside.
    pub capabilities: &'a dyn Capabilities,
    /// Bounds on each input.
    pub limits: &'a Limits,
}

/// Answers inputs. What one defines is there for the next.
pub trait Interpreter {
    /// Evaluates statements and gives the value of the last one as a text, unless it is `None`.
    ///
    /// # Errors
    /// What is wrong, and where.
    fn evaluate(&mut self, text: &str) -> Result<Option<String>, String>;

    /// Every name that can be used, in order.
    fn names(&self) -> Vec<String>;
}

/// Evaluates the file, then lets `talk` put inputs. Findings about the file that are no errors are given to it, too.
///
/// # Errors
/// What is wrong with the file.
pub fn converse<R>(
    setting: &Setting<'_>,
    talk: impl FnOnce(&mut dyn Interpreter, &[Diagnostic]) -> R,
) -> Result<R, Vec<Diagnostic>> {
    let session = Session::new(
        setting.tree,
        setting.environments,
        setting.capabilities,
        setting.limits,
        Stage::Preparing,
    );
    let evaluated = match setting.file {
        Some(file) => session.run(file, entry_role(file)),
        None => Evaluated::without_file(INPUT),
    };
    let findings = evaluated.journal.take_diagnostics();
    if setting.file.is_some() && evaluated.module.is_none() {
        return Err(findings);
    }
    let functions: Rc<FunctionIndex> = Rc::new(evaluated.functions());
    let scope = session.scope(
        &evaluated.path,
        role(&evaluated),
        Stage::Running(functions),
        evaluated.journal.clone(),
    );
    let globals = globals();
    Ok(Module::with_temp_heap(|module| {
        module.set_extra_value(module.heap().alloc(AllocDict::EMPTY));
        if let Some(file) = &evaluated.module {
            let text = setting.tree.get(&evaluated.path);
            let ast = text.map(|text| source::parse(&evaluated.path, text, setting.limits));
            for name in ast.iter().flatten().flat_map(names_of) {
                provide(&module, file, &name);
            }
        }
        let mut prompt = Prompt {
            session: &session,
            module: &module,
            globals: &globals,
            scope: &scope,
            journal: &evaluated.journal,
            limits: setting.limits,
        };
        talk(&mut prompt, &findings)
    }))
}

fn role(evaluated: &Evaluated) -> Role {
    match evaluated.module {
        Some(_) => entry_role(&evaluated.path),
        None => Role::Entry,
    }
}

fn globals() -> Globals {
    GlobalsBuilder::standard()
        .with(builtins::all)
        .with(help::builtins)
        .build()
}

/// What a file binds, and what it loads.
fn names_of(ast: &AstModule) -> Vec<String> {
    let loads = ast.loads();
    let loaded = loads.iter().flat_map(|load| load.symbols.keys());
    let loaded = loaded.map(ToString::to_string);
    source::global_names(ast)
        .into_iter()
        .chain(loaded)
        .collect()
}

fn provide(module: &Module<'_>, file: &FrozenModule, name: &str) {
    if let Ok((value, _)) = file.get_any_visibility(name) {
        let value = module.heap().access_owned_frozen_value(&value);
        module.set(name, value);
    }
}

struct Prompt<'a, 'v, 's> {
    session: &'a Session<'s>,
    module: &'a Module<'v>,
    globals: &'a Globals,
    scope: &'a Scope<'s>,
    journal: &'a Journal,
    limits: &'a Limits,
}

impl Interpreter for Prompt<'_, '_, '_> {
    fn evaluate(&mut self, text: &str) -> Result<Option<String>, String> {
        let masked = |diagnostic: Diagnostic| self.journal.masked(&diagnostic.to_string());
        let ast = source::parse_input(INPUT, text, self.limits).map_err(masked)?;
        let mut loader = Evaluated::without_file(&self.scope.path);
        let modules = self.session.load_all(&ast, &mut loader).map_err(masked)?;
        let mut eval = Evaluator::new(self.module);
        set_limits(&mut eval, self.limits);
        eval.set_loader(&modules);
        eval.extra = Some(self.scope);
        let value = eval
            .eval_module(ast, self.globals)
            .map_err(|error| masked(error::diagnostic(&error, INPUT)))?;
        if value.is_none() {
            return Ok(None);
        }
        self.module.set(LAST, value);
        Ok(Some(self.journal.masked(&show::tree(value))))
    }

    fn names(&self) -> Vec<String> {
        let own = self.module.names().map(|name| name.as_str().to_owned());
        let builtin = self.globals.names().map(|name| name.as_str().to_owned());
        let mut names: Vec<String> = own.chain(builtin).collect();
        names.sort();
        names.dedup();
        names
    }
}
