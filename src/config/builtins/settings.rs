//! `watch` and `runner`: when a package is released, and by which workflow.

use anyhow::bail;
use globset::Glob;
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::list_or_tuple::UnpackListOrTuple;
use starlark::values::none::{NoneOr, NoneType};

use crate::config::declared::RunnerChoice;
use crate::config::scope::scope;

/// GitHub runs at most this many jobs of one matrix.
const MAX_WAVE: i32 = 256;

#[starlark_module]
pub(super) fn builtins(builder: &mut GlobalsBuilder) {
    fn watch<'v>(
        globs: UnpackListOrTuple<&'v str>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<NoneType> {
        let scope = scope(eval)?;
        let counts = scope.may_declare(eval, "watch")?;
        for glob in &globs.items {
            check_glob(glob)?;
        }
        if counts {
            let mut declared = scope.declared.borrow_mut();
            let watched = declared.watch.get_or_insert_default();
            watched.extend(globs.items.iter().map(|glob| (*glob).to_owned()));
        }
        Ok(NoneType)
    }

    fn runner<'v>(
        workflow: &str,
        #[starlark(default = NoneOr::None)] wave: NoneOr<i32>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<NoneType> {
        let scope = scope(eval)?;
        let counts = scope.may_declare(eval, "runner")?;
        let wave = match wave {
            NoneOr::None => None,
            NoneOr::Other(wave) if (1..=MAX_WAVE).contains(&wave) => u32::try_from(wave).ok(),
            NoneOr::Other(wave) => bail!("wave must be from 1 to {MAX_WAVE}, got {wave}"),
        };
        let choice = RunnerChoice {
            workflow: workflow_file(workflow)?,
            wave,
        };
        if counts && scope.declared.borrow_mut().runner.replace(choice).is_some() {
            bail!("runner is called more than once");
        }
        Ok(NoneType)
    }
}

fn check_glob(glob: &str) -> anyhow::Result<()> {
    if glob.is_empty() || glob.starts_with('/') || glob.split('/').any(|part| part == "..") {
        bail!("watch: `{glob}` must be a path or glob from the repository's root");
    }
    if let Err(error) = Glob::new(glob) {
        bail!("watch: `{glob}` is not a glob: {}", error.kind());
    }
    Ok(())
}

/// The name of a workflow file below `.github/workflows/`, given with or without that folder.
pub(super) fn workflow_file(given: &str) -> anyhow::Result<String> {
    let name = given.strip_prefix(".github/workflows/").unwrap_or(given);
    let is_yaml = [".yml", ".yaml"]
        .iter()
        .any(|ending| name.len() > ending.len() && name.ends_with(ending));
    if !is_yaml || name.contains(['/', '\\']) {
        bail!("workflow `{given}` must name a .yml or .yaml file in .github/workflows/");
    }
    Ok(name.to_owned())
}
