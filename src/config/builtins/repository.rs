//! Builtins of `repo.ocu.star`. The server keeps the state itself; stores, remotes and triggers are for those who work
//! without one.

use anyhow::{anyhow, bail};
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::Value;
use starlark::values::dict::AllocDict;
use starlark::values::none::{NoneOr, NoneType};

use crate::config::declared::DeclaredAction;
use crate::config::repository;
use crate::config::scope::{Role, Scope, Stage, scope};

#[starlark_module]
pub(super) fn builtins(builder: &mut GlobalsBuilder) {
    fn repo_alias<'v>(alias: &str, eval: &mut Evaluator<'v, '_, '_>) -> anyhow::Result<NoneType> {
        let scope = scope(eval)?;
        require_repository(scope, "repo_alias")?;
        if alias.is_empty() {
            bail!("repo_alias cannot be empty");
        }
        scope.declared.borrow_mut().repository.alias = Some(alias.to_owned());
        Ok(NoneType)
    }

    fn remotes<'v>(
        remotes: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<NoneType> {
        let scope = scope(eval)?;
        require_repository(scope, "remotes")?;
        let Some(remotes) = repository::texts(remotes) else {
            bail!("remotes takes a list of addresses");
        };
        scope.declared.borrow_mut().repository.remotes = remotes;
        Ok(NoneType)
    }

    fn trigger<'v>(r#fn: Value<'v>, eval: &mut Evaluator<'v, '_, '_>) -> anyhow::Result<NoneType> {
        let scope = scope(eval)?;
        require_repository(scope, "trigger")?;
        if let DeclaredAction::Function(index) = scope.keep_function(r#fn, eval)? {
            scope.declared.borrow_mut().repository.trigger = Some(index);
        }
        Ok(NoneType)
    }
}

#[starlark_module]
pub(super) fn store(builder: &mut GlobalsBuilder) {
    fn set<'v>(
        state: Value<'v>,
        #[starlark(default = NoneOr::None)] intent: NoneOr<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<NoneType> {
        let scope = scope(eval)?;
        require_repository(scope, "store.set")?;
        let read = |name: &str, value: Value<'_>| {
            let wrong = || anyhow!("store.set: {name} must be what store.fs or store.git returns");
            repository::store(value).ok_or_else(wrong)
        };
        let state = read("state", state)?;
        let intent = intent.into_option();
        let intent = intent.map(|value| read("intent", value)).transpose()?;
        let mut declared = scope.declared.borrow_mut();
        if declared.repository.state_store.replace(state).is_some() {
            bail!("store already set");
        }
        declared.repository.intent_store = intent;
        Ok(NoneType)
    }

    fn git<'v>(
        remote_url: &str,
        #[starlark(default = NoneOr::None)] branch: NoneOr<&str>,
        #[starlark(default = true)] create_branch: bool,
        #[starlark(default = NoneOr::None)] support_files: NoneOr<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<Value<'v>> {
        // The state file is no branch of it: there is none to create, and no files to put beside it.
        let _ = (create_branch, support_files);
        let heap = eval.heap();
        let git = heap.alloc(AllocDict([
            ("remote_url", heap.alloc(remote_url)),
            ("branch", heap.alloc(branch)),
        ]));
        Ok(heap.alloc(AllocDict([("git", git)])))
    }

    fn fs<'v>(path: &str, eval: &mut Evaluator<'v, '_, '_>) -> anyhow::Result<Value<'v>> {
        let heap = eval.heap();
        let fs = heap.alloc(AllocDict([("path", path)]));
        Ok(heap.alloc(AllocDict([("fs", fs)])))
    }
}

fn require_repository(scope: &Scope<'_>, builtin: &str) -> anyhow::Result<()> {
    if scope.role != Role::Repository || matches!(scope.stage, Stage::Running(_)) {
        bail!("{builtin} works only at the top level of repo.ocu.star");
    }
    Ok(())
}
