//! What a file declared → a package, with the checks that need the whole file.

use starlark::environment::FrozenModule;
use starlark::values::dict::DictRef;
use starlark::values::{OwnedFrozenValue, Value};

use super::declared::{DeclaredAction, DeclaredTask, Place};
use super::evaluation::Evaluation;
use super::functions::FunctionIndex;
use super::session::Evaluated;
use crate::model::{Action, Package, Phase, Task, TaskKey};

/// Fills in the package and the environments of an evaluated file.
pub(super) fn package(evaluated: &Evaluated, evaluation: &mut Evaluation) {
    let declared = &evaluated.declared;
    if !declared.environments.is_empty() && declared.is_package() {
        let message = "environments and packages should not be declared in the same file";
        let diagnostic = declared.environments_place.error(message);
        evaluated.journal.add_diagnostic(diagnostic);
    }
    evaluation.environments.clone_from(&declared.environments);
    if !declared.is_package() {
        return;
    }
    let functions = evaluated.functions();
    let module = evaluated.module.as_ref();
    let kept = module.and_then(FrozenModule::owned_extra_value);
    let kept = kept_functions(kept.as_ref());
    let mut package = Package {
        watch: declared.watch.clone(),
        runner: declared
            .runner
            .as_ref()
            .map(|runner| runner.workflow.clone()),
        wave: declared.runner.as_ref().and_then(|runner| runner.wave),
        loads: evaluation.loads.clone(),
        ..Package::default()
    };
    for phase in declared.ordered_phases() {
        let tasks = phase.tasks.iter().filter_map(|index| {
            let task = &declared.tasks[*index];
            resolve(task, &kept, &functions)
                .map_err(|problem| evaluated.journal.add_diagnostic(task.place.error(problem)))
                .ok()
        });
        package.phases.push(Phase {
            name: phase.name.clone(),
            tasks: tasks.collect(),
        });
    }
    refuse_duplicates(evaluated);
    evaluation.package = Some(package);
}

/// The functions that tasks were declared with, by number.
fn kept_functions(kept: Option<&OwnedFrozenValue>) -> Vec<Value<'_>> {
    kept.and_then(|kept| DictRef::from_value(kept.value()))
        .map(|kept| kept.values().collect())
        .unwrap_or_default()
}

fn resolve(
    declared: &DeclaredTask,
    kept: &[Value<'_>],
    functions: &FunctionIndex,
) -> Result<Task, String> {
    let action = |action: &DeclaredAction| match action {
        DeclaredAction::Workflow(call) => Ok(Action::Workflow(call.clone())),
        DeclaredAction::Function(index) => {
            let function = kept
                .get(*index)
                .copied()
                .ok_or_else(|| "its function is not known any more".to_owned())?;
            functions.find(function).map(Action::Function).ok_or_else(|| {
                format!(
                    "function \"{}\" must be defined at the top level of a file: the release finds it by its name \
                     when it runs",
                    function.function_name().unwrap_or("?")
                )
            })
        }
    };
    Ok(Task {
        key: declared.key.clone(),
        inputs: declared.inputs.clone(),
        action: action(&declared.action)?,
        down: declared.down.as_ref().map(action).transpose()?,
        timeout_seconds: declared.timeout_seconds,
        retries: declared.retries,
        line: declared.place.line,
    })
}

/// Every task and every environment belongs to exactly one phase.
fn refuse_duplicates(evaluated: &Evaluated) {
    let declared = &evaluated.declared;
    let listed: Vec<&DeclaredTask> = declared
        .ordered_phases()
        .iter()
        .flat_map(|phase| &phase.tasks)
        .map(|index| &declared.tasks[*index])
        .collect();
    let mut uses: std::collections::BTreeMap<&TaskKey, (usize, &Place)> = Default::default();
    for task in listed {
        let entry = uses.entry(&task.key).or_insert((0, &task.place));
        // The last one is most likely the one that is wrong.
        *entry = (entry.0 + 1, &task.place);
    }
    for (key, (count, place)) in uses {
        if count > 1 {
            let what = match key {
                TaskKey::Task(name) => format!("Task '{name}'"),
                TaskKey::Deploy(environment) => format!("Environment '{environment}'"),
            };
            let message =
                format!("{what} is used in {count} phases, should be used in exactly one");
            evaluated.journal.add_diagnostic(place.error(message));
        }
    }
}
