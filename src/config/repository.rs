//! `repo.ocu.star`: settings given by calls, or as globals, which win.

use std::rc::Rc;

use serde_json::Value as Json;
use starlark::environment::{FrozenModule, Module};
use starlark::eval::Evaluator;
use starlark::values::Value;
use starlark::values::dict::DictRef;
use starlark::values::list::ListRef;

use super::capabilities::Capabilities;
use super::evaluation::{Evaluation, RepositorySettings, StoreSettings};
use super::limits::Limits;
use super::scope::{Role, Stage};
use super::session::{Evaluated, Session, set_limits};
use super::tree::SourceTree;
use super::{convert, error};
use crate::model::Diagnostic;

const FILE: &str = "repo.ocu.star";

/// Evaluates `repo.ocu.star` with what `capabilities` grant, for those who work without a server. Never fails:
/// problems are diagnostics.
pub fn evaluate_repository(
    tree: &SourceTree,
    capabilities: &dyn Capabilities,
    limits: &Limits,
) -> Evaluation {
    Session::new(tree, &[], capabilities, limits, Stage::Preparing).evaluate(FILE)
}

/// Calls the function that `repo.ocu.star` gives to `trigger(fn)` with a commit.
///
/// # Errors
/// A text for people: the file has an error, it defines no trigger, or the function fails.
pub fn call_trigger(
    tree: &SourceTree,
    commit: &str,
    capabilities: &dyn Capabilities,
    limits: &Limits,
) -> Result<(), String> {
    let session = Session::new(tree, &[], capabilities, limits, Stage::Preparing);
    let evaluated = session.run(FILE, Role::Repository);
    let Some(module) = evaluated.module.as_ref() else {
        let findings = evaluated.journal.take_diagnostics();
        let problem = findings.iter().rev().find(|finding| finding.is_error());
        return Err(problem.map_or_else(String::new, Diagnostic::to_string));
    };
    let kept = module.owned_extra_value();
    let index = evaluated.declared.repository.trigger;
    let trigger = kept.zip(index);
    let (kept, index) = trigger.ok_or_else(|| format!("{FILE} has no trigger(...)"))?;
    let stage = Stage::Running(Rc::new(evaluated.functions()));
    let scope = session.scope(FILE, Role::Repository, stage, evaluated.journal.clone());
    Module::with_temp_heap(|module| {
        let heap = module.heap();
        let kept = DictRef::from_value(heap.access_owned_frozen_value(&kept));
        let function = kept.and_then(|kept| kept.values().nth(index));
        let function = function.ok_or_else(|| format!("{FILE} has lost its trigger"))?;
        let mut eval = Evaluator::new(&module);
        set_limits(&mut eval, limits);
        eval.extra = Some(&scope);
        let result = eval.eval_function(function, &[heap.alloc(commit)], &[]);
        result
            .map(|_| ())
            .map_err(|error| evaluated.journal.masked(&error::run_message(&error, FILE)))
    })
}

/// The settings of an evaluated `repo.ocu.star`.
pub(super) fn settings(evaluated: &Evaluated) -> Option<RepositorySettings> {
    let module = evaluated.module.as_ref()?;
    let mut settings = evaluated.declared.repository.clone();
    let refuse = |message: String| {
        let diagnostic = Diagnostic::error(&evaluated.path, 0, 0, message);
        evaluated.journal.add_diagnostic(diagnostic);
    };
    match global(module, "repo_alias", text) {
        Some(Ok(alias)) => settings.alias = Some(alias),
        Some(Err(found)) => refuse(format!(
            "repo_alias must be a string that is not empty, not {found}"
        )),
        None => {}
    }
    for (name, what, list) in [
        ("release_ignore", "globs", &mut settings.release_ignore),
        ("repo_remotes", "addresses", &mut settings.remotes),
    ] {
        match global(module, name, texts) {
            Some(Ok(items)) => *list = items,
            Some(Err(found)) => refuse(format!("{name} must be a list of {what}, not {found}")),
            None => {}
        }
    }
    for (name, place) in [
        ("state_store", &mut settings.state_store),
        ("intent_store", &mut settings.intent_store),
    ] {
        match global(module, name, store) {
            Some(Ok(found)) => *place = Some(found),
            Some(Err(found)) => refuse(format!(
                "{name} must be store.fs(\"<folder>\") or store.git(\"<address>\"), not {found}"
            )),
            None => {}
        }
    }
    for glob in &settings.release_ignore {
        if let Err(error) = globset::Glob::new(glob) {
            refuse(format!(
                "release_ignore: `{glob}` is not a glob: {}",
                error.kind()
            ));
        }
    }
    Some(settings)
}

/// A global's value, or what it is instead; `None` when it is not set or is `None`.
fn global<T>(
    module: &FrozenModule,
    name: &str,
    read: impl Fn(Value<'_>) -> Option<T>,
) -> Option<Result<T, String>> {
    let value = module.get_option(name).ok().flatten()?;
    let value = value.value();
    (!value.is_none()).then(|| read(value).ok_or_else(|| value.get_type().to_owned()))
}

fn text(value: Value<'_>) -> Option<String> {
    let text = value.unpack_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// A list of texts.
pub(super) fn texts(value: Value<'_>) -> Option<Vec<String>> {
    ListRef::from_value(value)?
        .iter()
        .map(|item| item.unpack_str().map(str::to_owned))
        .collect()
}

/// What `store.fs` and `store.git` return, or a dict or struct like it.
pub(super) fn store(value: Value<'_>) -> Option<StoreSettings> {
    let json: Json = convert::to_json(value).ok()?;
    serde_json::from_value(json).ok()
}
