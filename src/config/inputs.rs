//! `inputs={...}`: names to values, or to what `input(...)` and `ref(...)` returned.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use starlark::values::dict::DictRef;
use starlark::values::none::NoneOr;
use starlark::values::{Value, ValueLike};

use super::convert;
use super::value::InputValue;
use crate::model::Input;

/// Reads an `inputs` argument. A plain value is a value, whatever its keys are: only tagged descriptors are refs.
pub(super) fn read(inputs: NoneOr<DictRef<'_>>) -> anyhow::Result<BTreeMap<String, Input>> {
    let mut read = BTreeMap::new();
    let NoneOr::Other(inputs) = inputs else {
        return Ok(read);
    };
    for (name, given) in inputs.iter() {
        let Some(name) = name.unpack_str() else {
            bail!(
                "the names of inputs must be strings, got {}",
                name.get_type()
            );
        };
        if !is_name(name) {
            bail!(
                "invalid input name \"{name}\": use letters, digits and underscores, not starting with a digit"
            );
        }
        let input = read_one(given).with_context(|| format!("input '{name}'"));
        read.insert(name.to_owned(), input.map_err(flatten)?);
    }
    Ok(read)
}

fn read_one(given: Value<'_>) -> anyhow::Result<Input> {
    match given.downcast_ref::<InputValue>() {
        Some(tagged) => Ok(tagged.input.clone()),
        None => Ok(Input::Value {
            value: convert::to_json(given)?,
        }),
    }
}

/// Inputs given as dicts that the original took for descriptors, with the key that made it do so: here they are plain
/// values.
pub(super) fn look_like_descriptors(
    inputs: &BTreeMap<String, Input>,
) -> impl Iterator<Item = (&str, &'static str)> {
    inputs.iter().filter_map(|(name, input)| {
        let Input::Value { value } = input else {
            return None;
        };
        let known = ["ref", "default", "value"];
        let key = known.into_iter().find(|key| value.get(key).is_some())?;
        Some((name.as_str(), key))
    })
}

/// `^[a-zA-Z_][a-zA-Z0-9_]*$`: what can be a parameter's name.
fn is_name(text: &str) -> bool {
    let starts_well = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    starts_well
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Joins an error and its context into one text: Starlark shows only the outermost.
pub(super) fn flatten(error: anyhow::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:#}")
}
