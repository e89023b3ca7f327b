//! `done`, `next` and their helpers: how a function ends; and `secret`.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use starlark::collections::SmallMap;
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::Value;
use starlark::values::dict::{AllocDict, DictRef};
use starlark::values::list_or_tuple::UnpackListOrTuple;
use starlark::values::none::NoneOr;

use super::action;
use crate::config::convert;
use crate::config::functions::Parameters;
use crate::config::inputs::{self as input_dict, flatten};
use crate::config::scope::{Stage, scope};
use crate::config::value::OutcomeValue;
use crate::model::Outcome;

#[starlark_module]
pub(super) fn builtins(builder: &mut GlobalsBuilder) {
    fn done<'v>(
        #[starlark(default = "")] annotation: &str,
        #[starlark(default = NoneOr::None)] outputs: NoneOr<DictRef<'v>>,
        #[starlark(default = NoneOr::None)] tags: NoneOr<UnpackListOrTuple<&'v str>>,
        #[starlark(default = NoneOr::None)] watch: NoneOr<UnpackListOrTuple<&'v str>>,
    ) -> anyhow::Result<OutcomeValue> {
        let _ = annotation;
        let tags = texts(tags);
        for tag in &tags {
            check_tag(tag)?;
        }
        let mut values = BTreeMap::new();
        for (name, output) in outputs.into_option().iter().flat_map(|dict| dict.iter()) {
            let Some(name) = name.unpack_str() else {
                bail!(
                    "the names of outputs must be strings, got {}",
                    name.get_type()
                );
            };
            let output = convert::to_json(output)
                .with_context(|| format!("output '{name}'"))
                .map_err(flatten)?;
            values.insert(name.to_owned(), output);
        }
        let outcome = Outcome::Done {
            outputs: values,
            tags,
            watch: texts(watch),
        };
        Ok(OutcomeValue { outcome })
    }

    fn next<'v>(
        r#fn: Value<'v>,
        #[starlark(default = "")] annotation: &str,
        #[starlark(default = NoneOr::None)] inputs: NoneOr<DictRef<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<OutcomeValue> {
        let _ = annotation;
        let scope = scope(eval)?;
        let Stage::Running(functions) = &scope.stage else {
            bail!("next works inside a task's function, when the release runs");
        };
        let inputs = input_dict::read(inputs)?;
        action::remark_dicts(scope, &inputs, eval);
        let name = r#fn.function_name().unwrap_or("?");
        let Some(parameters) = Parameters::of(r#fn) else {
            bail!("next takes a function, got {}", r#fn.get_type());
        };
        parameters.check(name, inputs.keys().map(String::as_str))?;
        let Some(function) = functions.find(r#fn) else {
            bail!("function \"{name}\" must be defined at the top level of a file");
        };
        let outcome = Outcome::Next { function, inputs };
        Ok(OutcomeValue { outcome })
    }

    fn outputs<'v>(
        #[starlark(kwargs)] values: SmallMap<String, Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<Value<'v>> {
        Ok(eval.heap().alloc(AllocDict(values)))
    }

    fn unwrap<'v>(dict: DictRef<'v>, key: &str) -> anyhow::Result<Value<'v>> {
        let known = || {
            dict.keys()
                .map(|key| key.to_repr())
                .collect::<Vec<_>>()
                .join(", ")
        };
        dict.get_str(key)
            .with_context(|| format!("expected key {key} in {{{}}}", known()))
    }

    fn secret<'v>(value: Value<'v>, eval: &mut Evaluator<'v, '_, '_>) -> anyhow::Result<Value<'v>> {
        let Some(text) = value.unpack_str() else {
            bail!("secret value must be a string");
        };
        scope(eval)?.hide(text);
        Ok(value)
    }
}

fn texts(list: NoneOr<UnpackListOrTuple<&str>>) -> Vec<String> {
    let list = list.into_option().into_iter().flat_map(|list| list.items);
    list.map(str::to_owned).collect()
}

fn check_tag(tag: &str) -> anyhow::Result<()> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if tag.is_empty() || !tag.bytes().all(is_allowed) {
        bail!("invalid tag: {tag}");
    }
    let is_release = tag
        .strip_prefix('r')
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()));
    if is_release {
        bail!("tags must not be in the release format (r<number>): {tag}");
    }
    Ok(())
}
