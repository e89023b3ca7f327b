//! A workflow file and the jobs it makes.

use serde_json::{Map, Value, json};

use super::expression::{
    ExpressionError, Scope, interpolate, interpolate_text, interpolate_value, text_of,
};
use crate::simulator::state::workflow::NewJob;

/// A workflow file that could be read.
#[derive(Clone, Debug)]
pub(crate) struct Workflow {
    pub(crate) document: Value,
}

/// An input that `workflow_dispatch` declares.
#[derive(Clone, Debug, Default)]
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) required: bool,
    pub(crate) default: Option<String>,
    pub(crate) options: Vec<String>,
}

/// One job after its matrix was expanded.
#[derive(Clone, Debug)]
pub(crate) struct ExpandedJob {
    pub(crate) job: NewJob,
    pub(crate) matrix: Value,
}

/// A workflow that cannot run, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct WorkflowError(pub(crate) String);

impl From<ExpressionError> for WorkflowError {
    fn from(error: ExpressionError) -> Self {
        Self(error.to_string())
    }
}

impl Workflow {
    /// Reads a workflow file.
    pub(crate) fn parse(text: &str) -> Result<Self, WorkflowError> {
        let document: Value =
            serde_saphyr::from_str(text).map_err(|error| WorkflowError(error.to_string()))?;
        if document["jobs"].as_object().is_none_or(Map::is_empty) {
            return Err(WorkflowError("the workflow has no `jobs`".to_owned()));
        }
        Ok(Self { document })
    }

    /// The workflow's name; its path when it has none.
    pub(crate) fn name(&self, path: &str) -> String {
        self.document["name"].as_str().unwrap_or(path).to_owned()
    }

    /// The settings of the `workflow_dispatch` trigger, if there is one.
    fn dispatch(&self) -> Option<Value> {
        match &self.document["on"] {
            Value::String(event) if event == "workflow_dispatch" => Some(Value::Null),
            Value::Array(events) => events
                .contains(&json!("workflow_dispatch"))
                .then_some(Value::Null),
            Value::Object(events) => events.get("workflow_dispatch").cloned(),
            _ => None,
        }
    }

    /// What can be passed on dispatch; none when the workflow cannot be dispatched.
    pub(crate) fn dispatch_inputs(&self) -> Option<Vec<Input>> {
        let dispatch = self.dispatch()?;
        let inputs = dispatch["inputs"].as_object().cloned().unwrap_or_default();
        let input = |(name, declared): (String, Value)| Input {
            name,
            kind: declared["type"].as_str().unwrap_or("string").to_owned(),
            required: declared["required"].as_bool().unwrap_or(false),
            default: declared.get("default").map(text_of),
            options: declared["options"]
                .as_array()
                .into_iter()
                .flatten()
                .map(text_of)
                .collect(),
        };
        Some(inputs.into_iter().map(input).collect())
    }

    /// What `run-name` gives; the workflow's name without one.
    pub(crate) fn run_name(&self, path: &str, scope: &Scope) -> Result<String, WorkflowError> {
        let name = match &self.document["run-name"] {
            Value::Null => String::new(),
            run_name => interpolate_text(run_name, scope)?,
        };
        Ok(if name.trim().is_empty() {
            self.name(path)
        } else {
            name
        })
    }

    /// Keys of the jobs.
    pub(crate) fn job_keys(&self) -> Vec<String> {
        self.document["jobs"]
            .as_object()
            .map(|jobs| jobs.keys().cloned().collect())
            .unwrap_or_default()
    }

    /// What a job waits for.
    pub(crate) fn needs(&self, key: &str) -> Vec<String> {
        match &self.document["jobs"][key]["needs"] {
            Value::String(one) => vec![one.clone()],
            Value::Array(several) => several.iter().map(text_of).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether a job may ask for identity tokens: `permissions` of the job, else of the workflow.
    fn grants_identity(&self, key: &str) -> bool {
        let own = &self.document["jobs"][key]["permissions"];
        let permissions = if own.is_null() {
            &self.document["permissions"]
        } else {
            own
        };
        permissions["id-token"] == "write" || permissions == "write-all"
    }

    /// A job for each combination of the matrix, or the one job.
    pub(crate) fn expand(
        &self,
        key: &str,
        scope: &Scope,
    ) -> Result<Vec<ExpandedJob>, WorkflowError> {
        let definition = &self.document["jobs"][key];
        let strategy = &definition["strategy"]["matrix"];
        if strategy.is_null() {
            return Ok(vec![self.expanded(key, Value::Null, scope)?]);
        }
        let matrix = interpolate_value(strategy, scope)?;
        let combinations = combinations(key, &matrix)?;
        combinations
            .into_iter()
            .map(|combination| self.expanded(key, combination, scope))
            .collect()
    }

    fn expanded(
        &self,
        key: &str,
        matrix: Value,
        scope: &Scope,
    ) -> Result<ExpandedJob, WorkflowError> {
        let definition = &self.document["jobs"][key];
        let mut scope = scope.clone();
        scope.set("matrix", matrix.clone());
        let name = match &definition["name"] {
            Value::Null => default_name(key, &matrix),
            name => interpolate_text(name, &scope)?,
        };
        let labels = match &definition["runs-on"] {
            Value::Array(labels) => labels
                .iter()
                .map(|label| interpolate_text(label, &scope))
                .collect::<Result<_, _>>()?,
            label => vec![interpolate_text(label, &scope)?],
        };
        let environment = match &definition["environment"] {
            Value::Null => None,
            Value::Object(members) => {
                Some(text_of(&interpolate(&text_of(&members["name"]), &scope)?))
            }
            name => Some(interpolate_text(name, &scope)?),
        };
        let environment = environment.filter(|name| !name.is_empty());
        let identity = self.grants_identity(key);
        Ok(ExpandedJob {
            job: NewJob {
                name,
                key: key.to_owned(),
                labels,
                environment,
                identity,
            },
            matrix,
        })
    }
}

/// `build (linux, 1)`: the key with the matrix values in it.
fn default_name(key: &str, matrix: &Value) -> String {
    let values: Vec<String> = matrix
        .as_object()
        .into_iter()
        .flatten()
        .map(|(_, value)| flat(value))
        .collect();
    if values.is_empty() {
        key.to_owned()
    } else {
        format!("{key} ({})", values.join(", "))
    }
}

fn flat(value: &Value) -> String {
    match value {
        Value::Object(members) => members.values().map(flat).collect::<Vec<_>>().join(", "),
        Value::Array(items) => items.iter().map(flat).collect::<Vec<_>>().join(", "),
        other => text_of(other),
    }
}

/// The product of the lists, less `exclude`, with `include` added to what it fits or as combinations of their own.
fn combinations(key: &str, matrix: &Value) -> Result<Vec<Value>, WorkflowError> {
    let members = matrix.as_object().ok_or_else(|| {
        WorkflowError(format!("`strategy.matrix` of job `{key}` is not a mapping"))
    })?;
    let list = |name: &str| {
        members
            .get(name)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let (include, exclude) = (list("include"), list("exclude"));
    let mut product = vec![Map::new()];
    let mut axes = 0;
    for (name, values) in members
        .iter()
        .filter(|(name, _)| *name != "include" && *name != "exclude")
    {
        let values = values.as_array().ok_or_else(|| {
            WorkflowError(format!(
                "`strategy.matrix.{name}` of job `{key}` is not a list"
            ))
        })?;
        axes += 1;
        product = product
            .iter()
            .flat_map(|row| {
                values.iter().map(|value| {
                    let mut row = row.clone();
                    row.insert(name.clone(), value.clone());
                    row
                })
            })
            .collect();
    }
    if axes == 0 {
        product.clear();
    }
    product.retain(|row| !exclude.iter().any(|excluded| fits(row, excluded)));
    add_included(&mut product, &include);
    match product.len() {
        0 => Err(WorkflowError(format!(
            "Matrix vector of job `{key}` does not contain any values"
        ))),
        1..=256 => Ok(product.into_iter().map(Value::Object).collect()),
        count => Err(WorkflowError(format!(
            "the matrix of job `{key}` makes {count} jobs; GitHub allows 256"
        ))),
    }
}

fn add_included(product: &mut Vec<Map<String, Value>>, include: &[Value]) {
    let originals = product.clone();
    for included in include.iter().filter_map(Value::as_object) {
        let mut added = false;
        for (row, original) in product.iter_mut().zip(&originals) {
            // An entry extends a combination as long as it overwrites none of its original values.
            if included
                .iter()
                .all(|(name, value)| original.get(name).is_none_or(|own| own == value))
            {
                row.extend(included.clone());
                added = true;
            }
        }
        if !added {
            product.push(included.clone());
        }
    }
}

fn fits(row: &Map<String, Value>, pattern: &Value) -> bool {
    pattern.as_object().is_some_and(|pattern| {
        pattern
            .iter()
            .all(|(name, value)| row.get(name) == Some(value))
    })
}

#[cfg(test)]
mod tests;
