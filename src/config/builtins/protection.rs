//! `protect` and `freeze`: what guards environments.
#![allow(
    clippy::too_many_arguments,
    reason = "the builtin has as many; the macro makes a function of them"
)]

use std::collections::BTreeMap;

use anyhow::{anyhow, bail};
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::dict::DictRef;
use starlark::values::list_or_tuple::UnpackListOrTuple;
use starlark::values::none::{NoneOr, NoneType};
use starlark::values::{Value, ValueLike};

use super::action::seconds;
use crate::config::scope::{Role, Scope, Stage, scope};
use crate::config::value::EnvironmentValue;
use crate::model::{
    EnvironmentSelector, Freeze, Grantee, Protection, QueuePolicy, Severity, Window,
};

/// More people than this cannot be meant.
const MAX_APPROVALS: i32 = 20;

type Names<'v> = NoneOr<UnpackListOrTuple<&'v str>>;

#[starlark_module]
pub(super) fn builtins(builder: &mut GlobalsBuilder) {
    fn protect<'v>(
        environments: UnpackListOrTuple<Value<'v>>,
        #[starlark(require = named, default = NoneOr::None)] deploy: Names<'v>,
        #[starlark(require = named, default = NoneOr::None)] approve: Names<'v>,
        #[starlark(require = named, default = NoneOr::None)] approvals: NoneOr<i32>,
        #[starlark(require = named, default = false)] allow_self: bool,
        #[starlark(require = named, default = NoneOr::None)] windows: Names<'v>,
        #[starlark(require = named, default = NoneOr::None)] soak: NoneOr<&str>,
        #[starlark(require = named, default = false)] confirm: bool,
        #[starlark(require = named, default = false)] pull_requests: bool,
        #[starlark(require = named, default = NoneOr::None)] break_glass: Names<'v>,
        #[starlark(require = named, default = "newest")] queue: &str,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<NoneType> {
        let scope = scope(eval)?;
        let counts = may_guard(scope, eval, "protect")?;
        let approve = grantees(approve)?;
        let approvals = match approvals {
            NoneOr::None => i32::from(!approve.is_empty()),
            NoneOr::Other(number) => number,
        };
        if !(0..=MAX_APPROVALS).contains(&approvals) {
            bail!("approvals must be from 0 to {MAX_APPROVALS}, got {approvals}");
        }
        let protection = Protection {
            environments: selectors(&environments.items)?,
            deploy: grantees(deploy)?,
            approve,
            approvals: u32::try_from(approvals)?,
            allow_self,
            windows: parsed(windows)?,
            soak_seconds: soak.into_option().map(soak_seconds).transpose()?,
            confirm,
            pull_requests,
            break_glass: grantees(break_glass)?,
            queue: policy(queue)?,
            line: scope.place(eval).line,
        };
        warn_if_empty(scope, eval, "protect", &protection.environments);
        if counts {
            scope
                .declared
                .borrow_mut()
                .guards
                .protections
                .push(protection);
        }
        Ok(NoneType)
    }

    fn freeze<'v>(
        environments: UnpackListOrTuple<Value<'v>>,
        windows: UnpackListOrTuple<&'v str>,
        reason: &str,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<NoneType> {
        let scope = scope(eval)?;
        let counts = may_guard(scope, eval, "freeze")?;
        if reason.trim().is_empty() {
            bail!("freeze needs a reason: people will read it while they wait");
        }
        let freeze = Freeze {
            environments: selectors(&environments.items)?,
            windows: parsed(NoneOr::Other(windows))?,
            reason: reason.trim().to_owned(),
            line: scope.place(eval).line,
        };
        if freeze.windows.is_empty() {
            bail!("freeze needs at least one window, such as \"2026-12-20..2027-01-03 UTC\"");
        }
        warn_if_empty(scope, eval, "freeze", &freeze.environments);
        if counts {
            scope.declared.borrow_mut().guards.freezes.push(freeze);
        }
        Ok(NoneType)
    }
}

/// Guards stand at the top level of any file that is asked for; says whether what it declares counts.
fn may_guard(
    scope: &Scope<'_>,
    eval: &Evaluator<'_, '_, '_>,
    builtin: &str,
) -> anyhow::Result<bool> {
    if matches!(scope.stage, Stage::Running(_)) {
        bail!("{builtin} works at the top level of a file, not while a function runs");
    }
    if scope.role == Role::Library {
        let message = format!(
            "{builtin} has no effect in a file that is loaded: put it into a function and call that from the file \
             that is to be guarded"
        );
        scope.remark(eval, Severity::Warning, message);
    }
    Ok(scope.role != Role::Library)
}

/// A list that is made from `environments()` may be empty for now; one that was meant to name some should not be.
fn warn_if_empty(
    scope: &Scope<'_>,
    eval: &Evaluator<'_, '_, '_>,
    builtin: &str,
    environments: &[EnvironmentSelector],
) {
    if environments.is_empty() {
        let message = format!("this {builtin} is about no environment, so it does nothing");
        scope.remark(eval, Severity::Warning, message);
    }
}

fn soak_seconds(text: &str) -> anyhow::Result<i64> {
    seconds("soak", text)
}

fn selectors(given: &[Value<'_>]) -> anyhow::Result<Vec<EnvironmentSelector>> {
    given.iter().map(|item| selector(*item)).collect()
}

/// A name, an environment, or the attributes an environment must have.
fn selector(given: Value<'_>) -> anyhow::Result<EnvironmentSelector> {
    if let Some(name) = given.unpack_str() {
        let name = name.parse().map_err(|error| anyhow!("{error}"))?;
        return Ok(EnvironmentSelector::Name(name));
    }
    if let Some(value) = given.downcast_ref::<EnvironmentValue>() {
        return Ok(EnvironmentSelector::Name(value.environment.name.clone()));
    }
    let wrong = || {
        anyhow!(
            "environments must hold names, environments, or dicts of attributes such as {{\"type\": \"production\"}}, \
             not {}",
            given.get_type()
        )
    };
    let dict = DictRef::from_value(given).ok_or_else(wrong)?;
    let mut attributes = BTreeMap::new();
    for (key, value) in dict.iter() {
        let (Some(key), Some(value)) = (key.unpack_str(), value.unpack_str()) else {
            bail!("attributes of environments are texts");
        };
        attributes.insert(key.to_owned(), value.to_owned());
    }
    if attributes.is_empty() {
        bail!("a dict without attributes would mean every environment; name them");
    }
    Ok(EnvironmentSelector::Attributes(attributes))
}

fn grantees(names: Names<'_>) -> anyhow::Result<Vec<Grantee>> {
    let items = names.into_option().map(|names| names.items);
    let parse = |name: &str| Ok(name.parse::<Grantee>()?);
    items.unwrap_or_default().into_iter().map(parse).collect()
}

fn parsed(windows: Names<'_>) -> anyhow::Result<Vec<Window>> {
    let items = windows.into_option().map(|windows| windows.items);
    let parse = |window: &str| Ok(window.parse::<Window>()?);
    items.unwrap_or_default().into_iter().map(parse).collect()
}

fn policy(name: &str) -> anyhow::Result<QueuePolicy> {
    match name {
        "newest" => Ok(QueuePolicy::Newest),
        "all" => Ok(QueuePolicy::All),
        "manual" => Ok(QueuePolicy::Manual),
        other => bail!("queue must be \"newest\", \"all\" or \"manual\", got \"{other}\""),
    }
}
