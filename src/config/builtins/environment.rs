//! `environment` and its relatives.

use anyhow::{anyhow, bail};
use serde_json::json;
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::dict::DictRef;
use starlark::values::list::AllocList;
use starlark::values::none::{NoneOr, NoneType};
use starlark::values::{Value, ValueLike};

use crate::config::convert;
use crate::config::scope::{Role, scope};
use crate::config::value::{EnvironmentValue, environment_from_json};
use crate::model::Environment;

#[starlark_module]
pub(super) fn builtins(builder: &mut GlobalsBuilder) {
    fn environment<'v>(
        name: &str,
        #[starlark(default = NoneOr::None)] attributes: NoneOr<Value<'v>>,
    ) -> anyhow::Result<EnvironmentValue> {
        let attributes = match attributes {
            NoneOr::None => json!({}),
            NoneOr::Other(given) if DictRef::from_value(given).is_some() => {
                convert::to_json(given)?
            }
            NoneOr::Other(given) => {
                bail!(
                    "attributes must be a dict of strings, got {}",
                    given.get_type()
                )
            }
        };
        let environment = environment_from_json(&json!({"name": name, "attributes": attributes}))?;
        Ok(EnvironmentValue { environment })
    }

    fn environment_from_dict<'v>(dict: Value<'v>) -> anyhow::Result<EnvironmentValue> {
        let environment = as_environment(dict)?;
        Ok(EnvironmentValue { environment })
    }

    fn environment_from_json(json: &str) -> anyhow::Result<EnvironmentValue> {
        let json = serde_json::from_str(json).map_err(|error| anyhow!("not JSON: {error}"))?;
        let environment = crate::config::value::environment_from_json(&json)?;
        Ok(EnvironmentValue { environment })
    }

    fn environments<'v>(eval: &mut Evaluator<'v, '_, '_>) -> anyhow::Result<Value<'v>> {
        let scope = scope(eval)?;
        if scope.role == Role::Repository {
            bail!("environments is not available in repo.ocu.star");
        }
        let values = scope
            .environments
            .iter()
            .map(|environment| EnvironmentValue {
                environment: environment.clone(),
            });
        Ok(eval.heap().alloc(AllocList(values)))
    }

    fn register_environment<'v>(
        environment: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<NoneType> {
        let scope = scope(eval)?;
        let counts = scope.may_declare(eval, "register_environment")?;
        let environment = as_environment(environment)?;
        let mut declared = scope.declared.borrow_mut();
        if declared
            .environments
            .iter()
            .any(|known| known.name == environment.name)
        {
            bail!("environment `{}` is registered twice", environment.name);
        }
        if counts {
            if declared.environments.is_empty() {
                declared.environments_place = scope.place(eval);
            }
            declared.environments.push(environment);
        }
        Ok(NoneType)
    }
}

/// An environment given as such, or as a dict or struct with its fields.
pub(super) fn as_environment(given: Value<'_>) -> anyhow::Result<Environment> {
    match given.downcast_ref::<EnvironmentValue>() {
        Some(value) => Ok(value.environment.clone()),
        None => environment_from_json(&convert::to_json(given)?),
    }
}
