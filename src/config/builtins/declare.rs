//! `phase`, `task`, `deploy`, `input`, `ref`, `workflow`: what a release consists of.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::dict::DictRef;
use starlark::values::list_or_tuple::UnpackListOrTuple;
use starlark::values::none::{NoneOr, NoneType};
use starlark::values::{Value, ValueLike};

use super::action;
use super::environment::as_environment;
use crate::config::declared::{DeclaredPhase, DeclaredTask};
use crate::config::inputs::flatten;
use crate::config::scope::{Scope, scope};
use crate::config::value::{InputValue, TaskHandle, WorkflowValue};
use crate::config::{convert, inputs as input_dict};
use crate::model::{Input, Reference, SubPathKind, TaskKey, WorkflowCall};

/// A failed run is retried at most this often by itself: minutes cost money.
const MAX_RETRIES: i32 = 10;

#[starlark_module]
pub(super) fn builtins(builder: &mut GlobalsBuilder) {
    fn phase<'v>(
        name: &str,
        #[starlark(default = NoneOr::None)] work: NoneOr<UnpackListOrTuple<Value<'v>>>,
        #[starlark(default = NoneOr::None)] tasks: NoneOr<UnpackListOrTuple<Value<'v>>>,
        #[starlark(require = named, default = "")] annotation: &str,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<NoneType> {
        let _ = annotation;
        let scope = scope(eval)?;
        if !scope.may_declare(eval, "phase")? {
            return Ok(NoneType);
        }
        let listed = [tasks, work]
            .into_iter()
            .filter_map(NoneOr::into_option)
            .map(|list| list.items)
            .find(|items| !items.is_empty())
            .unwrap_or_default();
        let tasks = listed
            .into_iter()
            .map(|item| handle(scope, item))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let phase = DeclaredPhase {
            name: name.to_owned(),
            tasks,
        };
        scope.declared.borrow_mut().phases.push(phase);
        Ok(NoneType)
    }

    fn task<'v>(
        r#fn: Value<'v>,
        name: &str,
        #[starlark(default = "")] annotation: &str,
        #[starlark(default = NoneOr::None)] inputs: NoneOr<DictRef<'v>>,
        #[starlark(require = named, default = NoneOr::None)] timeout: NoneOr<&str>,
        #[starlark(require = named, default = 0)] retries: i32,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<TaskHandle> {
        let _ = annotation;
        declare_task(r#fn, name, inputs, &Run { timeout, retries }, eval)
    }

    /// The older name of `task`.
    fn call<'v>(
        r#fn: Value<'v>,
        name: &str,
        #[starlark(default = "")] annotation: &str,
        #[starlark(default = NoneOr::None)] inputs: NoneOr<DictRef<'v>>,
        #[starlark(require = named, default = NoneOr::None)] timeout: NoneOr<&str>,
        #[starlark(require = named, default = 0)] retries: i32,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<TaskHandle> {
        let _ = annotation;
        declare_task(r#fn, name, inputs, &Run { timeout, retries }, eval)
    }

    fn deploy<'v>(
        #[starlark(default = NoneOr::None)] environment: NoneOr<Value<'v>>,
        #[starlark(default = NoneOr::None)] up: NoneOr<Value<'v>>,
        #[starlark(default = NoneOr::None)] down: NoneOr<Value<'v>>,
        #[starlark(default = NoneOr::None)] inputs: NoneOr<DictRef<'v>>,
        #[starlark(require = named, default = NoneOr::None)] timeout: NoneOr<&str>,
        #[starlark(require = named, default = 0)] retries: i32,
        #[starlark(require = named, default = "")] annotation: &str,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<TaskHandle> {
        let _ = annotation;
        let given = Deployment {
            environment: environment.into_option(),
            up: up.into_option(),
            down: down.into_option(),
        };
        declare_deployment(&given, inputs, &Run { timeout, retries }, eval)
    }

    fn input<'v>(
        #[starlark(default = NoneOr::None)] r#ref: NoneOr<Value<'v>>,
        #[starlark(default = NoneOr::None)] default: NoneOr<Value<'v>>,
    ) -> anyhow::Result<InputValue> {
        let default = default.into_option().map(convert::to_json).transpose()?;
        let input = match (r#ref, default) {
            (NoneOr::Other(given), default) => Input::Reference {
                reference: as_reference(given)?,
                default,
            },
            (NoneOr::None, Some(value)) => Input::Value { value },
            (NoneOr::None, None) => bail!("input must have either ref or default"),
        };
        Ok(InputValue { input })
    }

    fn r#ref<'v>(r#ref: Value<'v>) -> anyhow::Result<InputValue> {
        let input = Input::Reference {
            reference: as_reference(r#ref)?,
            default: None,
        };
        Ok(InputValue { input })
    }

    fn workflow<'v>(
        file: &str,
        #[starlark(default = NoneOr::None)] inputs: NoneOr<DictRef<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<WorkflowValue> {
        let mut fixed = BTreeMap::new();
        for (name, input) in input_dict::read(inputs)? {
            let Input::Value { value } = input else {
                bail!(
                    "input '{name}' of workflow(...) must be a value; give refs to the task's own inputs"
                );
            };
            fixed.insert(name, value);
        }
        let call = WorkflowCall {
            file: super::settings::workflow_file(file)?,
            inputs: fixed,
            line: scope(eval)?.place(eval).line,
        };
        Ok(WorkflowValue { call })
    }
}

/// `timeout=` and `retries=`.
struct Run<'v> {
    timeout: NoneOr<&'v str>,
    retries: i32,
}

impl Run<'_> {
    fn timeout_seconds(&self) -> anyhow::Result<Option<i64>> {
        let timeout = self.timeout.into_option();
        timeout
            .map(|timeout| action::seconds("timeout", timeout))
            .transpose()
    }

    fn retries(&self) -> anyhow::Result<i64> {
        if !(0..=MAX_RETRIES).contains(&self.retries) {
            bail!(
                "retries must be from 0 to {MAX_RETRIES}, got {}",
                self.retries
            );
        }
        Ok(i64::from(self.retries))
    }
}

fn declare_task<'v>(
    function: Value<'v>,
    name: &str,
    inputs: NoneOr<DictRef<'v>>,
    run: &Run<'_>,
    eval: &mut Evaluator<'v, '_, '_>,
) -> anyhow::Result<TaskHandle> {
    let scope = scope(eval)?;
    let counts = scope.may_declare(eval, "task")?;
    if name.is_empty() || name.contains(['/', '#', '=']) || name.contains("..") {
        bail!(
            "task name \"{name}\": it is part of refs, so it cannot be empty or contain /, #, = or .."
        );
    }
    let inputs = input_dict::read(inputs)?;
    action::remark_dicts(scope, &inputs, eval);
    let action = action::read(scope, "fn", function, &inputs, eval)?;
    let task = DeclaredTask {
        key: TaskKey::Task(name.to_owned()),
        inputs,
        action,
        down: None,
        timeout_seconds: run.timeout_seconds()?,
        retries: run.retries()?,
        place: scope.place(eval),
        position: 0,
    };
    Ok(declare(scope, task, counts))
}

struct Deployment<'v> {
    environment: Option<Value<'v>>,
    up: Option<Value<'v>>,
    down: Option<Value<'v>>,
}

fn declare_deployment<'v>(
    given: &Deployment<'v>,
    inputs: NoneOr<DictRef<'v>>,
    run: &Run<'_>,
    eval: &mut Evaluator<'v, '_, '_>,
) -> anyhow::Result<TaskHandle> {
    let scope = scope(eval)?;
    let counts = scope.may_declare(eval, "deploy")?;
    let Some(environment) = given.environment else {
        bail!("deploy needs an environment, such as environment=environment(\"staging\")");
    };
    let environment = as_environment(environment)
        .context("deploy")
        .map_err(flatten)?;
    let (Some(up), Some(down)) = (given.up, given.down) else {
        bail!(
            "deploy needs both up and down: how to deploy, and how to take the deployment away again"
        );
    };
    let mut inputs = input_dict::read(inputs)?;
    action::remark_dicts(scope, &inputs, eval);
    let implicit = Input::Reference {
        reference: Reference::global(SubPathKind::Environment, environment.name.as_str()),
        default: None,
    };
    if inputs.insert("environment".to_owned(), implicit).is_some() {
        bail!("environment is a reserved input for deployments");
    }
    let action = action::read(scope, "up", up, &inputs, eval)?;
    let down = action::read(scope, "down", down, &inputs, eval)?;
    let task = DeclaredTask {
        key: TaskKey::Deploy(environment.name),
        inputs,
        action,
        down: Some(down),
        timeout_seconds: run.timeout_seconds()?,
        retries: run.retries()?,
        place: scope.place(eval),
        position: 0,
    };
    Ok(declare(scope, task, counts))
}

fn declare(scope: &Scope<'_>, mut task: DeclaredTask, counts: bool) -> TaskHandle {
    let mut declared = scope.declared.borrow_mut();
    let index = declared.tasks.len();
    if counts {
        task.position = declared.phases.len();
        declared.tasks.push(task);
    }
    TaskHandle {
        index,
        path: scope.path.clone(),
    }
}

fn handle(scope: &Scope<'_>, item: Value<'_>) -> anyhow::Result<usize> {
    match item.downcast_ref::<TaskHandle>() {
        Some(handle) if handle.path == scope.path => Ok(handle.index),
        Some(handle) => bail!(
            "this task was declared while {} was loaded: put it into a function and call that from here",
            handle.path
        ),
        None => bail!(
            "phase takes a list of task(...) and deploy(...), got {}",
            item.get_type()
        ),
    }
}

fn as_reference(given: Value<'_>) -> anyhow::Result<Reference> {
    if let Some(InputValue {
        input: Input::Reference { reference, .. },
    }) = given.downcast_ref::<InputValue>()
    {
        return Ok(reference.clone());
    }
    match given.unpack_str() {
        Some("") => bail!("a ref cannot be empty"),
        Some(text) => Ok(text.parse()?),
        None => bail!("a ref must be a string, got {}", given.get_type()),
    }
}
