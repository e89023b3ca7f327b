//! Builtins of `repo.ocu.star`. The server keeps the state, so stores, remotes and triggers are accepted and ignored.

use anyhow::bail;
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::Value;
use starlark::values::dict::AllocDict;
use starlark::values::none::{NoneOr, NoneType};

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
        let _ = remotes;
        require_repository(scope(eval)?, "remotes")?;
        Ok(NoneType)
    }

    fn trigger<'v>(r#fn: Value<'v>, eval: &mut Evaluator<'v, '_, '_>) -> anyhow::Result<NoneType> {
        let _ = r#fn;
        require_repository(scope(eval)?, "trigger")?;
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
        let _ = (state, intent);
        require_repository(scope(eval)?, "store.set")?;
        Ok(NoneType)
    }

    fn git<'v>(
        remote_url: &str,
        #[starlark(default = NoneOr::None)] branch: NoneOr<&str>,
        #[starlark(default = true)] create_branch: bool,
        #[starlark(default = NoneOr::None)] support_files: NoneOr<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<Value<'v>> {
        let _ = (branch, create_branch, support_files);
        Ok(eval.heap().alloc(AllocDict([("git", remote_url)])))
    }

    fn fs<'v>(path: &str, eval: &mut Evaluator<'v, '_, '_>) -> anyhow::Result<Value<'v>> {
        Ok(eval.heap().alloc(AllocDict([("fs", path)])))
    }
}

fn require_repository(scope: &Scope<'_>, builtin: &str) -> anyhow::Result<()> {
    if scope.role != Role::Repository || matches!(scope.stage, Stage::Running(_)) {
        bail!("{builtin} works only at the top level of repo.ocu.star");
    }
    Ok(())
}
