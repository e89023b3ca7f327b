//! A task's `fn`, `up` or `down`: a function of the file, or `workflow(...)`.

use std::collections::BTreeMap;

use anyhow::{anyhow, bail};
use starlark::eval::Evaluator;
use starlark::values::{Value, ValueLike};

use crate::config::declared::DeclaredAction;
use crate::config::functions::Parameters;
use crate::config::inputs::look_like_descriptors;
use crate::config::scope::Scope;
use crate::config::value::WorkflowValue;
use crate::model::{Input, Severity};

/// Reads an action and checks that it can be called with `inputs`.
pub(super) fn read<'v>(
    scope: &Scope<'_>,
    parameter: &str,
    given: Value<'v>,
    inputs: &BTreeMap<String, Input>,
    eval: &Evaluator<'v, '_, '_>,
) -> anyhow::Result<DeclaredAction> {
    if let Some(workflow) = given.downcast_ref::<WorkflowValue>() {
        return Ok(DeclaredAction::Workflow(workflow.call.clone()));
    }
    let Some(parameters) = Parameters::of(given) else {
        bail!(
            "{parameter} must be a function of this file or workflow(...), got {}",
            given.get_type()
        );
    };
    let name = given.function_name().unwrap_or("?");
    parameters.check(name, inputs.keys().map(String::as_str))?;
    scope.keep_function(given, eval)
}

/// Points out dicts that the original would have read as descriptors.
pub(super) fn remark_dicts(
    scope: &Scope<'_>,
    inputs: &BTreeMap<String, Input>,
    eval: &Evaluator<'_, '_, '_>,
) {
    for (name, key) in look_like_descriptors(inputs) {
        let instead = match key {
            "ref" => "write ref(\"...\") to read a value",
            "default" => "write input(ref=..., default=...) to read one",
            _ => "the original Ocuroot passed what is under \"value\"",
        };
        let message = format!(
            "input '{name}' is a dict with a key \"{key}\": it is passed as it is; {instead}"
        );
        scope.remark(eval, Severity::Warning, message);
    }
}

/// `"90s"`, `"10m"`, `"1h30m"`, `"2d"` in seconds; `what` names it in the error.
pub(super) fn seconds(what: &str, text: &str) -> anyhow::Result<i64> {
    parse_seconds(text).ok_or_else(|| {
        anyhow!("{what} \"{text}\" is not a duration: write it like \"90s\", \"10m\", \"1h30m\" or \"2d\"")
    })
}

fn parse_seconds(text: &str) -> Option<i64> {
    let mut total: i64 = 0;
    let mut digits = String::new();
    for character in text.chars() {
        let unit = match character {
            'd' => 86400,
            'h' => 3600,
            'm' => 60,
            's' => 1,
            digit if digit.is_ascii_digit() => {
                digits.push(digit);
                continue;
            }
            _ => return None,
        };
        let amount: i64 = digits.parse().ok()?;
        total = total.checked_add(amount.checked_mul(unit)?)?;
        digits.clear();
    }
    (digits.is_empty() && total > 0).then_some(total)
}
