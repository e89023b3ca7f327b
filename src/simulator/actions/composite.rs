//! Composite actions: steps in a file of their own, with inputs and outputs.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::expression::{interpolate_text, text_of};
use super::job::RunningJob;
use super::step::{Ending, Frame, Steps};
use super::support;
use super::uses::Inputs;

/// GitHub nests composite actions no deeper.
const DEPTH: usize = 10;

impl Steps<'_, '_> {
    /// Runs a composite action; its log goes to the step that uses it.
    pub(super) fn composite(
        &mut self,
        uses: &str,
        directory: &Path,
        given: Inputs,
        shown: usize,
    ) -> Result<(Ending, BTreeMap<String, String>), String> {
        if self.depth >= DEPTH {
            return Err(format!("`{uses}` is nested deeper than {DEPTH}"));
        }
        let action = read(uses, directory)?;
        let place = format!("in the action `{uses}`");
        support::steps(
            &action["runs"]["steps"],
            &place,
            &self.job.plan.machine.actions,
        )
        .map_err(|error| error.to_string())?;
        let mut scope = self.frame.scope.clone();
        scope.failed = false;
        if let Some(github) = scope.contexts.get_mut("github") {
            github["action_path"] = json!(directory.to_string_lossy());
        }
        scope.set("steps", json!({}));
        scope.set("inputs", Value::Object(self.inputs(uses, &action, given)?));
        let mut frame = Frame {
            scope,
            environment: self.frame.environment.clone(),
            shell: None,
            directory: self.job.workspace.clone(),
            action_path: Some(directory.to_path_buf()),
        };
        let steps = action["runs"]["steps"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let job: &mut RunningJob<'_> = self.job;
        let failed = Steps {
            job,
            frame: &mut frame,
            shown: Some(shown),
            depth: self.depth + 1,
        }
        .run(&steps)?;
        let mut outputs = Map::new();
        for (name, output) in action["outputs"].as_object().into_iter().flatten() {
            let value = interpolate_text(&output["value"], &frame.scope)
                .map_err(|error| error.to_string())?;
            outputs.insert(name.clone(), json!(value));
        }
        let written: BTreeMap<String, String> = frame
            .environment
            .into_iter()
            .filter(|(name, value)| self.frame.environment.get(name) != Some(value))
            .collect();
        Ok((Ending { failed, outputs }, written))
    }

    fn inputs(
        &self,
        uses: &str,
        action: &Value,
        mut given: Inputs,
    ) -> Result<Map<String, Value>, String> {
        let mut inputs = Map::new();
        for (name, declared) in action["inputs"].as_object().into_iter().flatten() {
            let value = match given.remove(name) {
                Some(value) => value,
                None if !declared["default"].is_null() => {
                    interpolate_text(&declared["default"], &self.frame.scope)
                        .map_err(|error| error.to_string())?
                }
                None if declared["required"] == json!(true) => {
                    return Err(format!("the action `{uses}` needs the input `{name}`"));
                }
                None => String::new(),
            };
            inputs.insert(name.clone(), json!(value));
        }
        match given.into_keys().next() {
            Some(unknown) => Err(format!("the action `{uses}` has no input `{unknown}`")),
            None => Ok(inputs),
        }
    }
}

fn read(uses: &str, directory: &Path) -> Result<Value, String> {
    let candidates = ["action.yml", "action.yaml"].map(|name| directory.join(name));
    let text = candidates
        .iter()
        .find_map(|path| std::fs::read_to_string(path).ok());
    let text = text.ok_or_else(|| format!("the action `{uses}` has no action.yml"))?;
    let action: Value = serde_saphyr::from_str(&text)
        .map_err(|error| format!("action.yml of `{uses}`: {error}"))?;
    match text_of(&action["runs"]["using"]).as_str() {
        "composite" => Ok(action),
        other => Err(format!(
            "the simulator does not support `runs.using: {other}` of the action `{uses}`"
        )),
    }
}
