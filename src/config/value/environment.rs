//! `environment(...)` as config files see it: `.name`, `.attributes`, `.json()`, `.dict()`.

use std::collections::BTreeMap;
use std::fmt;

use allocative::Allocative;
use anyhow::{anyhow, bail};
use serde_json::{Value as Json, json};
use starlark::any::ProvidesStaticType;
use starlark::environment::{Methods, MethodsBuilder};
use starlark::values::dict::AllocDict;
use starlark::values::{
    Heap, NoSerialize, StarlarkPagablePanic, StarlarkValue, Value, ValueLike, starlark_value,
};
use starlark::{starlark_module, starlark_simple_value};

use crate::config::convert;
use crate::model::Environment;

/// An environment in a config file.
#[derive(Clone, Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub(in crate::config) struct EnvironmentValue {
    #[allocative(skip)]
    pub(in crate::config) environment: Environment,
}

starlark_simple_value!(EnvironmentValue);

impl EnvironmentValue {
    pub(in crate::config) fn to_json(&self) -> Json {
        json!({"name": self.environment.name, "attributes": self.environment.attributes})
    }
}

impl fmt::Display for EnvironmentValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Environment { name, attributes } = &self.environment;
        write!(
            formatter,
            "environment(name = {:?}, attributes = {})",
            name.as_str(),
            json!(attributes)
        )
    }
}

starlark::methods_static!(METHODS = environment_methods);

#[starlark_value(type = "environment")]
impl<'v> StarlarkValue<'v> for EnvironmentValue {
    fn get_methods() -> Option<&'static Methods> {
        Some(METHODS.methods())
    }

    fn equals(&self, other: Value<'v>) -> starlark::Result<bool> {
        let other = other.downcast_ref::<EnvironmentValue>();
        Ok(other.is_some_and(|other| other.environment == self.environment))
    }
}

fn this<'v>(value: Value<'v>) -> anyhow::Result<&'v EnvironmentValue> {
    value
        .downcast_ref::<EnvironmentValue>()
        .ok_or_else(|| anyhow!("expected an environment"))
}

#[starlark_module]
fn environment_methods(builder: &mut MethodsBuilder) {
    #[starlark(attribute)]
    fn name<'v>(this: Value<'v>) -> anyhow::Result<String> {
        Ok(self::this(this)?.environment.name.to_string())
    }

    #[starlark(attribute)]
    fn attributes<'v>(this: Value<'v>, heap: Heap<'v>) -> anyhow::Result<Value<'v>> {
        let attributes = &self::this(this)?.environment.attributes;
        let entries = attributes
            .iter()
            .map(|(key, text)| (key.as_str(), text.as_str()));
        Ok(heap.alloc(AllocDict(entries)))
    }

    fn json<'v>(this: Value<'v>) -> anyhow::Result<String> {
        Ok(self::this(this)?.to_json().to_string())
    }

    fn dict<'v>(this: Value<'v>, heap: Heap<'v>) -> anyhow::Result<Value<'v>> {
        convert::from_json(&self::this(this)?.to_json(), heap)
    }
}

/// An environment from `{"name": ..., "attributes": {...}}`.
///
/// # Errors
/// What is missing or has the wrong type.
pub(in crate::config) fn environment_from_json(json: &Json) -> anyhow::Result<Environment> {
    let name = json
        .get("name")
        .and_then(Json::as_str)
        .ok_or_else(|| anyhow!("an environment needs a \"name\" that is a string"))?
        .parse()?;
    let mut attributes = BTreeMap::new();
    match json.get("attributes") {
        None | Some(Json::Null) => {}
        Some(Json::Object(entries)) => {
            for (key, entry) in entries {
                let text = entry.as_str().ok_or_else(|| {
                    anyhow!(
                        "attribute `{key}` of environment `{name}` must be a string, it is {entry}"
                    )
                })?;
                attributes.insert(key.clone(), text.to_owned());
            }
        }
        Some(other) => bail!("attributes of environment `{name}` must be a dict, got {other}"),
    }
    Ok(Environment { name, attributes })
}
