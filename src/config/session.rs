//! Evaluating files of one tree. Loaded files are evaluated once per session and shared frozen.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use starlark::environment::{FrozenModule, Module};
use starlark::eval::Evaluator;
use starlark::syntax::AstModule;
use starlark::values::dict::AllocDict;

use super::capabilities::Capabilities;
use super::declared::Declared;
use super::evaluation::Evaluation;
use super::functions::{FunctionIndex, NamedFile};
use super::journal::Journal;
use super::limits::Limits;
use super::loader::LoadedModules;
use super::paths;
use super::scope::{NeededCapability, Role, Scope, Stage};
use super::tree::SourceTree;
use super::{builtins, error, lint, repository, source, validate, version};
use crate::model::{Diagnostic, Environment, Guards};

/// How deep files may load each other. Each level costs native stack.
const MAX_LOAD_DEPTH: usize = 30;

/// Evaluates files of one tree with the same environments, capabilities and limits.
pub struct Session<'a> {
    tree: &'a SourceTree,
    environments: Rc<[Environment]>,
    capabilities: &'a dyn Capabilities,
    limits: &'a Limits,
    stage: Stage,
    pub(super) needed: NeededCapability,
    loaded: RefCell<HashMap<String, Rc<Evaluated>>>,
    loading: RefCell<Vec<String>>,
}

/// A file after its evaluation.
pub(super) struct Evaluated {
    pub(super) path: String,
    /// `None` when it has an error.
    pub(super) module: Option<FrozenModule>,
    pub(super) names: Vec<String>,
    pub(super) loads: BTreeMap<String, Rc<Evaluated>>,
    pub(super) declared: Declared,
    pub(super) journal: Rc<Journal>,
}

impl<'a> Session<'a> {
    /// A session that reads files to learn what they declare.
    pub fn planning(
        tree: &'a SourceTree,
        environments: &[Environment],
        capabilities: &'a dyn Capabilities,
        limits: &'a Limits,
    ) -> Session<'a> {
        Session::new(tree, environments, capabilities, limits, Stage::Planning)
    }

    pub(super) fn new(
        tree: &'a SourceTree,
        environments: &[Environment],
        capabilities: &'a dyn Capabilities,
        limits: &'a Limits,
        stage: Stage,
    ) -> Session<'a> {
        let mut environments = environments.to_vec();
        environments.sort_by(|one, other| one.name.cmp(&other.name));
        Session {
            tree,
            environments: environments.into(),
            capabilities,
            limits,
            stage,
            needed: NeededCapability::default(),
            loaded: RefCell::default(),
            loading: RefCell::default(),
        }
    }

    /// Evaluates one entry file. Never fails: problems are diagnostics.
    pub fn evaluate(&self, path: &str) -> Evaluation {
        let evaluated = self.run(path, entry_role(path));
        let mut evaluation = Evaluation {
            loads: evaluated.loads.keys().cloned().collect(),
            guards: evaluated.declared.guards.clone(),
            ..Evaluation::default()
        };
        if evaluated.module.is_some() {
            if entry_role(path) == Role::Repository {
                evaluation.repository = repository::settings(&evaluated);
            } else {
                validate::package(&evaluated, &mut evaluation);
            }
        }
        evaluation.diagnostics = evaluated.journal.take_diagnostics();
        evaluation.prints = evaluated.journal.take_lines();
        if evaluation.has_errors() {
            evaluation.package = None;
            evaluation.repository = None;
            evaluation.environments.clear();
            evaluation.guards = Guards::default();
        }
        evaluation
    }

    pub(super) fn run(&self, path: &str, role: Role) -> Evaluated {
        let mut evaluated = Evaluated::without_file(path);
        if let Err(diagnostic) = self.try_run(role, &mut evaluated) {
            evaluated.journal.add_diagnostic(diagnostic);
        }
        evaluated
    }

    fn try_run(&self, role: Role, evaluated: &mut Evaluated) -> Result<(), Diagnostic> {
        let path = evaluated.path.clone();
        let text = self.tree.get(&path).ok_or_else(|| {
            Diagnostic::error(&path, 0, 0, "there is no such file at this commit")
        })?;
        let ast = source::parse(&path, text, self.limits)?;
        version::check(&ast)?;
        for finding in lint::findings(&ast, &path, text) {
            evaluated.journal.add_diagnostic(finding);
        }
        evaluated.names = source::global_names(&ast);
        let modules = self.load_all(&ast, evaluated)?;
        let scope = self.scope(&path, role, self.stage.clone(), evaluated.journal.clone());
        evaluated.module = Some(self.run_module(ast, &modules, &scope)?);
        evaluated.declared = scope.declared.take();
        Ok(())
    }

    /// The scope of a file, or of a function of it.
    pub(super) fn scope(
        &self,
        path: &str,
        role: Role,
        stage: Stage,
        journal: Rc<Journal>,
    ) -> Scope<'a> {
        Scope {
            path: path.to_owned(),
            role,
            stage,
            tree: self.tree,
            limits: self.limits,
            environments: self.environments.clone(),
            capabilities: self.capabilities,
            needed: self.needed.clone(),
            journal,
            declared: RefCell::default(),
            has_warned: false.into(),
        }
    }

    fn run_module(
        &self,
        ast: AstModule,
        modules: &LoadedModules,
        scope: &Scope<'_>,
    ) -> Result<FrozenModule, Diagnostic> {
        Module::with_temp_heap(|module| {
            let no_functions = module.heap().alloc(AllocDict::EMPTY);
            module.set_extra_value(no_functions);
            {
                let mut eval = Evaluator::new(&module);
                set_limits(&mut eval, self.limits);
                eval.set_loader(modules);
                eval.extra = Some(scope);
                eval.eval_module(ast, builtins::globals())
                    .map_err(|error| error::diagnostic(&error, &scope.path))?;
            }
            module.freeze().map_err(|_| {
                Diagnostic::error(&scope.path, 0, 0, "the file's values cannot be kept")
            })
        })
    }

    pub(super) fn load_all(
        &self,
        ast: &AstModule,
        evaluated: &mut Evaluated,
    ) -> Result<LoadedModules, Diagnostic> {
        let mut modules = LoadedModules::default();
        for load in ast.loads() {
            let at = |message: String| error::at_span(&load.span, message);
            let path = paths::resolve_load(&evaluated.path, load.module_id).map_err(at)?;
            self.refuse_cycle(&evaluated.path, &path).map_err(at)?;
            if self.tree.get(&path).is_none() {
                let problem = "there is no such file at this commit";
                return Err(at(format!("{path} cannot be loaded: {problem}")));
            }
            let loaded = self.load(&evaluated.path, &path);
            evaluated.journal.include(&loaded.journal);
            evaluated.loads.extend(loaded.loads.clone());
            evaluated.loads.insert(path.clone(), loaded.clone());
            if evaluated.loads.len() > self.limits.loads {
                return Err(at(format!(
                    "more than {} files are loaded",
                    self.limits.loads
                )));
            }
            let module = loaded
                .module
                .as_ref()
                .ok_or_else(|| at(format!("{path} cannot be loaded because it has an error")))?;
            modules.0.insert(load.module_id.to_owned(), module.clone());
        }
        Ok(modules)
    }

    fn load(&self, by: &str, path: &str) -> Rc<Evaluated> {
        if let Some(known) = self.loaded.borrow().get(path) {
            return known.clone();
        }
        self.loading.borrow_mut().push(by.to_owned());
        let loaded = Rc::new(self.run(path, Role::Library));
        self.loading.borrow_mut().pop();
        self.loaded
            .borrow_mut()
            .insert(path.to_owned(), loaded.clone());
        loaded
    }

    fn refuse_cycle(&self, by: &str, path: &str) -> Result<(), String> {
        let loading = self.loading.borrow();
        let chain: Vec<&str> = loading.iter().map(String::as_str).chain([by]).collect();
        if let Some(start) = chain.iter().position(|file| *file == path) {
            let circle = chain[start..].join(" loads ");
            return Err(format!("cycle in load graph: {circle} loads {path}"));
        }
        if chain.len() > MAX_LOAD_DEPTH {
            return Err(format!(
                "files load each other more than {MAX_LOAD_DEPTH} levels deep"
            ));
        }
        Ok(())
    }
}

impl Evaluated {
    /// Nothing yet, known by `path` in messages.
    pub(super) fn without_file(path: &str) -> Evaluated {
        Evaluated {
            path: path.to_owned(),
            module: None,
            names: Vec::new(),
            loads: BTreeMap::new(),
            declared: Declared::default(),
            journal: Rc::default(),
        }
    }

    /// The functions of this file and of what it loads, once it is evaluated.
    pub(super) fn functions(&self) -> FunctionIndex {
        let mut seen = BTreeSet::new();
        let all = std::iter::once(self).chain(self.loads.values().map(Rc::as_ref));
        let files = all.filter_map(|file| {
            let module = file.module.clone()?;
            seen.insert(file.path.clone()).then(|| NamedFile {
                path: file.path.clone(),
                module,
                names: file.names.clone(),
            })
        });
        FunctionIndex::new(files.collect())
    }
}

/// What an entry file is by its name.
pub(super) fn entry_role(path: &str) -> Role {
    match paths::file_name(path) {
        "repo.ocu.star" => Role::Repository,
        _ => Role::Entry,
    }
}

pub(super) fn set_limits(eval: &mut Evaluator<'_, '_, '_>, limits: &Limits) {
    let set = [
        eval.set_max_tick_count(limits.ticks.max(1)),
        eval.set_max_heap_size(limits.heap_bytes.max(1)),
        eval.set_max_callstack_size(limits.call_stack.max(1)),
    ];
    debug_assert!(
        set.iter().all(Result::is_ok),
        "limits are set once and are not zero"
    );
}
