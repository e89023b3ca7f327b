//! `help()`: what can be used, and what it does.

use anyhow::bail;
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::Value;
use starlark::values::none::NoneType;

use crate::config::SDK;
use crate::config::scope::scope;

#[starlark_module]
pub(super) fn builtins(builder: &mut GlobalsBuilder) {
    /// Without an argument all names; with one, what it does.
    fn help<'v>(
        about: Option<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<NoneType> {
        let text = match about {
            None => overview(eval),
            Some(about) => match about.unpack_str().and_then(described) {
                Some(text) => text,
                None => of_value(about)?,
            },
        };
        scope(eval)?.print(&text)?;
        Ok(NoneType)
    }
}

fn overview(eval: &Evaluator<'_, '_, '_>) -> String {
    let mut text = String::new();
    let own: Vec<&str> = eval.module().names().map(|name| name.as_str()).collect();
    if !own.is_empty() {
        text.push_str("names of the file, and of what you have entered:\n");
        text.push_str(&listed(own));
    }
    for section in SDK.split("\n# --- ").skip(1) {
        let (title, body) = section.split_once(" ---\n").unwrap_or((section, ""));
        text.push_str(title);
        text.push_str(":\n");
        text.push_str(&listed(names(body).collect()));
    }
    text.push_str("help(task) or help(\"task\") says more; _ is the last value");
    text
}

/// The names a part of the text defines, in its order.
fn names(body: &str) -> impl Iterator<Item = &str> {
    body.lines().filter_map(|line| {
        let name = match line.strip_prefix("def ") {
            Some(definition) => definition.split('(').next()?,
            None => line.split_once(" = struct(")?.0,
        };
        (!name.starts_with('_')).then_some(name)
    })
}

fn listed(mut names: Vec<&str>) -> String {
    names.sort_unstable();
    let mut text = String::new();
    let mut width = 0;
    for name in names {
        if width == 0 || width + name.len() > 76 {
            let start = if width == 0 { "  " } else { "\n  " };
            text.push_str(start);
            width = 2;
        }
        text.push_str(name);
        text.push(' ');
        width += name.len() + 1;
    }
    format!("{}\n", text.trim_end())
}

/// What the SDK's text says about a builtin.
fn described(name: &str) -> Option<String> {
    let last = name.rsplit('.').next().unwrap_or(name);
    let start = [format!("\ndef {last}("), format!("\n{last} = struct(")]
        .iter()
        .find_map(|start| SDK.find(start.as_str()))?
        + 1;
    let definition = &SDK[start..];
    let end = definition.find("\n\n").map_or(definition.len(), |_| {
        let next = [
            "\ndef ",
            "\n# ",
            "\nhost = ",
            "\nhttp = ",
            "\njson = ",
            "\nstore = ",
        ];
        let ends = next.iter().filter_map(|next| definition.find(next));
        ends.min().unwrap_or(definition.len())
    });
    Some(definition[..end].trim_end().to_owned())
}

/// What is known about a value: of a builtin, its description; of a function of a file, its parameters and its text.
fn of_value(value: Value<'_>) -> anyhow::Result<String> {
    let Some(name) = value.function_name() else {
        bail!(
            "help takes a function or its name, got {}",
            value.get_type()
        );
    };
    if value.parameters_spec().is_none()
        && let Some(text) = described(name)
    {
        return Ok(text);
    }
    Ok(value.documentation().render_as_code(name))
}
