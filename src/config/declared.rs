//! What a file has declared so far, in the order it did; turned into a package when the file has ended.

use std::collections::BTreeMap;

use crate::model::{Diagnostic, Environment, Guards, Input, TaskKey, WorkflowCall};

use super::evaluation::RepositorySettings;

/// A place in a file, counted from 1.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    pub(super) path: String,
    pub(super) line: u32,
    pub(super) column: u32,
}

impl Place {
    pub(super) fn error(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(&self.path, self.line, self.column, message)
    }
}

/// What a task does, before functions are known by name.
#[derive(Clone, Debug)]
pub(super) enum DeclaredAction {
    /// The function kept under this number (see `Scope::keep_function`).
    Function(usize),
    Workflow(WorkflowCall),
}

#[derive(Clone, Debug)]
pub(super) struct DeclaredTask {
    pub(super) key: TaskKey,
    pub(super) inputs: BTreeMap<String, Input>,
    pub(super) action: DeclaredAction,
    pub(super) down: Option<DeclaredAction>,
    pub(super) timeout_seconds: Option<i64>,
    pub(super) retries: i64,
    pub(super) place: Place,
    /// How many phases there were when it was declared.
    pub(super) position: usize,
}

#[derive(Clone, Debug)]
pub(super) struct DeclaredPhase {
    pub(super) name: String,
    pub(super) tasks: Vec<usize>,
}

#[derive(Default)]
pub(super) struct Declared {
    pub(super) tasks: Vec<DeclaredTask>,
    pub(super) phases: Vec<DeclaredPhase>,
    pub(super) environments: Vec<Environment>,
    /// Where the first environment was registered.
    pub(super) environments_place: Place,
    pub(super) watch: Option<Vec<String>>,
    pub(super) runner: Option<RunnerChoice>,
    pub(super) repository: RepositorySettings,
    pub(super) guards: Guards,
    /// How many functions are kept.
    pub(super) functions: usize,
}

/// `runner(workflow, wave)`.
#[derive(Clone, Debug)]
pub(super) struct RunnerChoice {
    pub(super) workflow: String,
    pub(super) wave: Option<u32>,
}

impl Declared {
    /// Whether the file describes a release.
    pub(super) fn is_package(&self) -> bool {
        !self.tasks.is_empty() || !self.phases.is_empty()
    }

    /// Phases in the order they run. A task that no phase lists becomes a phase of its own, before the first
    /// `phase(...)` that follows it.
    pub(super) fn ordered_phases(&self) -> Vec<DeclaredPhase> {
        let is_listed = |index: &usize| self.phases.iter().any(|phase| phase.tasks.contains(index));
        let mut loose: Vec<usize> = (0..self.tasks.len())
            .filter(|index| !is_listed(index))
            .collect();
        loose.reverse();
        let mut ordered = Vec::new();
        for position in 0..=self.phases.len() {
            while let Some(index) = loose.pop_if(|index| self.tasks[*index].position <= position) {
                ordered.push(DeclaredPhase {
                    name: String::new(),
                    tasks: vec![index],
                });
            }
            ordered.extend(self.phases.get(position).cloned());
        }
        ordered
    }
}
