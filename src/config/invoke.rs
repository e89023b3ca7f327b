//! Calling one function of a config file.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value as Json;
use starlark::environment::Module;
use starlark::eval::Evaluator;
use starlark::values::dict::DictRef;
use starlark::values::{OwnedFrozenValue, Value, ValueLike};

use super::capabilities::Capabilities;
use super::functions::Parameters;
use super::limits::Limits;
use super::scope::{Scope, Stage};
use super::session::{Evaluated, Session, entry_role, set_limits};
use super::tree::SourceTree;
use super::value::{OutcomeValue, Structure};
use super::{convert, error};
use crate::model::{Diagnostic, Environment, FunctionName, Invocation, Outcome};

/// Evaluates `entry` again and calls `function` of it, or of a file it loads, with resolved inputs.
///
/// When the file or the function uses a capability that is not granted, the whole attempt ends as
/// [`Invocation::NeedsHost`], whatever the function makes of the refusal.
pub fn invoke(
    tree: &SourceTree,
    entry: &str,
    function: &FunctionName,
    inputs: &BTreeMap<String, Json>,
    environments: &[Environment],
    capabilities: &dyn Capabilities,
    limits: &Limits,
) -> Invocation {
    let session = Session::new(tree, environments, capabilities, limits, Stage::Preparing);
    let evaluated = session.run(entry, entry_role(entry));
    let outcome = call(&session, &evaluated, function, inputs, limits);
    if let Some(capability) = session.needed.take() {
        return Invocation::NeedsHost { capability };
    }
    let journal = &evaluated.journal;
    let outcome = match outcome {
        Ok(Outcome::Done { tags, .. }) if tags.iter().any(|tag| journal.masked(tag) != *tag) => {
            Outcome::Failed {
                message: "a tag holds a secret, and tags are shown to everybody".to_owned(),
            }
        }
        Ok(Outcome::Done {
            outputs,
            tags,
            watch,
        }) => Outcome::Done {
            outputs: outputs
                .into_iter()
                .map(|(name, output)| (journal.masked(&name), journal.masked_value(output)))
                .collect(),
            tags,
            watch,
        },
        Ok(outcome) => outcome,
        Err(message) => Outcome::Failed {
            message: journal.masked(&message),
        },
    };
    Invocation::Finished {
        outcome,
        logs: journal.take_lines(),
    }
}

fn call(
    session: &Session<'_>,
    evaluated: &Evaluated,
    function: &FunctionName,
    inputs: &BTreeMap<String, Json>,
    limits: &Limits,
) -> Result<Outcome, String> {
    if evaluated.module.is_none() {
        let findings = evaluated.journal.take_diagnostics();
        let problem = findings.iter().rev().find(|finding| finding.is_error());
        return Err(problem.map_or_else(String::new, Diagnostic::to_string));
    }
    let functions = Rc::new(evaluated.functions());
    let value = functions.get(function).ok_or_else(|| {
        format!(
            "function `{}` is not defined in {} at this commit",
            function.name, function.file
        )
    })?;
    let scope = session.scope(
        &evaluated.path,
        entry_role(&evaluated.path),
        Stage::Running(functions),
        evaluated.journal.clone(),
    );
    call_value(&scope, &value, function, inputs, limits)
}

fn call_value(
    scope: &Scope<'_>,
    function: &OwnedFrozenValue,
    name: &FunctionName,
    inputs: &BTreeMap<String, Json>,
    limits: &Limits,
) -> Result<Outcome, String> {
    Module::with_temp_heap(|module| {
        let heap = module.heap();
        let function = heap.access_owned_frozen_value(function);
        let mut arguments: Vec<(&str, Value<'_>)> = Vec::new();
        for (input, json) in inputs {
            let value = convert::from_json(json, heap)
                .map_err(|problem| format!("input '{input}': {problem}"))?;
            arguments.push((input, value));
        }
        let parameters =
            Parameters::of(function).ok_or_else(|| format!("`{}` is not a function", name.name))?;
        if parameters.is_context_style() {
            let has_inputs = !arguments.is_empty();
            let inputs = heap.alloc(Structure::new(arguments));
            let fields = has_inputs.then_some(("inputs", inputs));
            arguments = vec![("ctx", heap.alloc(Structure::new(fields)))];
        }
        let mut eval = Evaluator::new(&module);
        set_limits(&mut eval, limits);
        eval.extra = Some(scope);
        let result = eval
            .eval_function(function, &[], &arguments)
            .map_err(|error| error::run_message(&error, &scope.path))?;
        outcome(result, name)
    })
}

/// What a function's result means. Nothing and plain dicts count as `done()`, as in the original.
fn outcome(result: Value<'_>, function: &FunctionName) -> Result<Outcome, String> {
    if let Some(outcome) = result.downcast_ref::<OutcomeValue>() {
        return Ok(outcome.outcome.clone());
    }
    if result.is_none() || DictRef::from_value(result).is_some() {
        return Ok(Outcome::Done {
            outputs: BTreeMap::new(),
            tags: Vec::new(),
            watch: Vec::new(),
        });
    }
    Err(format!(
        "{}: `{}` returned {}; return done(...) or next(...)",
        function.file,
        function.name,
        result.get_type()
    ))
}
