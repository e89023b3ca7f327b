//! `host.*` and its bare names: the machine a release runs on.

use std::collections::BTreeMap;

use anyhow::{anyhow, bail};
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::Value;
use starlark::values::dict::{AllocDict, DictRef};
use starlark::values::none::{NoneOr, NoneType};

use crate::config::capabilities::{ShellCommand, ShellResult};
use crate::config::paths;
use crate::config::scope::{Role, Scope, Stage, scope};
use crate::config::value::Structure;

/// Available both bare and as `host.<name>`.
#[starlark_module]
pub(super) fn shared(builder: &mut GlobalsBuilder) {
    fn os<'v>(eval: &mut Evaluator<'v, '_, '_>) -> anyhow::Result<String> {
        let answer = scope(eval)?.ask("host.os", eval, |host| host.os())?;
        Ok(answer.unwrap_or_default())
    }

    fn arch<'v>(eval: &mut Evaluator<'v, '_, '_>) -> anyhow::Result<String> {
        let answer = scope(eval)?.ask("host.arch", eval, |host| host.arch())?;
        Ok(answer.unwrap_or_default())
    }

    fn env<'v>(eval: &mut Evaluator<'v, '_, '_>) -> anyhow::Result<Value<'v>> {
        let scope = scope(eval)?;
        // Only asked for addresses of state stores, which are ignored: nothing to remark on.
        let is_ignored = scope.role == Role::Repository && matches!(scope.stage, Stage::Planning);
        let variables = match is_ignored {
            true => None,
            false => scope.ask("host.env", eval, |host| host.env())?,
        };
        Ok(eval.heap().alloc(AllocDict(variables.unwrap_or_default())))
    }

    fn pwd<'v>(eval: &mut Evaluator<'v, '_, '_>) -> anyhow::Result<String> {
        let scope = scope(eval)?;
        let answer = scope.ask("host.pwd", eval, |host| {
            host.pwd(paths::folder(&scope.path))
        })?;
        Ok(answer.unwrap_or_default())
    }

    fn shell<'v>(
        command: &str,
        #[starlark(default = "sh")] shell: &str,
        #[starlark(default = ".")] dir: &str,
        #[starlark(default = NoneOr::None)] env: NoneOr<DictRef<'v>>,
        #[starlark(default = false)] mute: bool,
        #[starlark(default = false)] continue_on_error: bool,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<Value<'v>> {
        let command = ShellCommand {
            command: command.to_owned(),
            shell: shell.to_owned(),
            directory: shell_directory(scope(eval)?, dir)?,
            environment: variables(env)?,
            mute,
        };
        run(&command, continue_on_error, eval)
    }

    fn read_dir<'v>(path: &str, eval: &mut Evaluator<'v, '_, '_>) -> anyhow::Result<Vec<String>> {
        let scope = scope(eval)?;
        let path = inside(scope, path)?;
        if let Some(names) = scope.tree.list(&path) {
            return Ok(names);
        }
        let answer = scope.ask("host.read_dir", eval, |host| host.read_dir(&path))?;
        Ok(answer.unwrap_or_default())
    }

    fn is_dir<'v>(path: &str, eval: &mut Evaluator<'v, '_, '_>) -> anyhow::Result<bool> {
        let scope = scope(eval)?;
        let path = inside(scope, path)?;
        if let Some(answer) = scope.tree.is_directory(&path) {
            return Ok(answer);
        }
        let answer = scope.ask("host.is_dir", eval, |host| host.is_dir(&path))?;
        Ok(answer.unwrap_or_default())
    }
}

/// Names that differ between the bare form and the struct.
#[starlark_module]
pub(super) fn builtins(builder: &mut GlobalsBuilder) {
    fn read<'v>(path: &str, eval: &mut Evaluator<'v, '_, '_>) -> anyhow::Result<String> {
        read_path(path, eval)
    }

    fn write<'v>(
        path: &str,
        content: &str,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<NoneType> {
        write_path(path, content, eval)
    }
}

#[starlark_module]
fn members(builder: &mut GlobalsBuilder) {
    fn read_file<'v>(path: &str, eval: &mut Evaluator<'v, '_, '_>) -> anyhow::Result<String> {
        read_path(path, eval)
    }

    fn write_file<'v>(
        path: &str,
        content: &str,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<NoneType> {
        write_path(path, content, eval)
    }
}

/// The `host` struct.
pub(super) fn namespace(builder: &mut GlobalsBuilder) {
    shared(builder);
    members(builder);
}

fn read_path<'v>(path: &str, eval: &mut Evaluator<'v, '_, '_>) -> anyhow::Result<String> {
    let scope = scope(eval)?;
    let path = inside(scope, path)?;
    if let Some(text) = scope.tree.get(&path) {
        return Ok(text.to_string());
    }
    let answer = scope.ask("host.read_file", eval, |host| host.read(&path))?;
    Ok(answer.unwrap_or_default())
}

fn write_path<'v>(
    path: &str,
    content: &str,
    eval: &mut Evaluator<'v, '_, '_>,
) -> anyhow::Result<NoneType> {
    let scope = scope(eval)?;
    let path = inside(scope, path)?;
    scope.ask("host.write_file", eval, |host| host.write(&path, content))?;
    Ok(NoneType)
}

/// A path as written in the package's file, from the repository's root.
fn inside(scope: &Scope<'_>, path: &str) -> anyhow::Result<String> {
    paths::join(paths::folder(&scope.path), path)
        .ok_or_else(|| anyhow!("`{path}` leaves the repository"))
}

fn shell_directory(scope: &Scope<'_>, dir: &str) -> anyhow::Result<String> {
    match dir.starts_with('/') {
        true => Ok(dir.to_owned()),
        false => inside(scope, dir),
    }
}

fn variables(env: NoneOr<DictRef<'_>>) -> anyhow::Result<BTreeMap<String, String>> {
    let mut variables = BTreeMap::new();
    for (name, value) in env.into_option().iter().flat_map(|env| env.iter()) {
        let (Some(name), Some(value)) = (name.unpack_str(), value.unpack_str()) else {
            bail!(
                "env must map strings to strings, got {}: {}",
                name.to_repr(),
                value.get_type()
            );
        };
        variables.insert(name.to_owned(), value.to_owned());
    }
    Ok(variables)
}

fn run<'v>(
    command: &ShellCommand,
    continue_on_error: bool,
    eval: &mut Evaluator<'v, '_, '_>,
) -> anyhow::Result<Value<'v>> {
    let scope = scope(eval)?;
    let result = scope.ask("host.shell", eval, |host| {
        host.shell(command, &mut |line| {
            // Output beyond the kept lines still reaches whoever streams the log.
            scope.say(line);
        })
    })?;
    let ShellResult {
        stdout,
        stderr,
        combined_output,
        exit_code,
    } = result.unwrap_or_default();
    if exit_code != 0 && !continue_on_error {
        bail!("{}: exit status {exit_code}", command.command);
    }
    let heap = eval.heap();
    Ok(heap.alloc(Structure::new([
        ("stdout", heap.alloc(stdout)),
        ("stderr", heap.alloc(stderr)),
        ("exit_code", heap.alloc(exit_code)),
        ("combined_output", heap.alloc(combined_output)),
    ])))
}
