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

/// What the SDK's text says about a builtin, given as `task`, `http` or `http.get`.
fn described(name: &str) -> Option<String> {
    match name.split_once('.') {
        None => definition(name),
        Some((namespace, field)) => {
            let fields = definition(namespace)?;
            let (_, described_as) = fields.split_once(&format!("{field}="))?;
            let described_as = described_as.split([',', ')']).next()?;
            let text = definition(described_as)?;
            Some(text.replacen(described_as, name, 1))
        }
    }
}

fn definition(name: &str) -> Option<String> {
    let starts = [format!("\ndef {name}("), format!("\n{name} = struct(")];
    let start = starts.iter().find_map(|start| SDK.find(start))? + 1;
    let rest = &SDK[start..];
    let next = [
        "\ndef ",
        "\n# ",
        "\nhost = ",
        "\nhttp = ",
        "\njson = ",
        "\nstore = ",
    ];
    let end = next.iter().filter_map(|next| rest.find(next)).min();
    Some(rest[..end.unwrap_or(rest.len())].trim_end().to_owned())
}

/// A builtin does not know its namespace.
fn described_anywhere(name: &str) -> Option<String> {
    let namespaces = ["http", "json", "store", "host"];
    let within = |namespace: &&str| described(&format!("{namespace}.{name}"));
    described(name).or_else(|| namespaces.iter().find_map(within))
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
        && let Some(text) = described_anywhere(name)
    {
        return Ok(text);
    }
    Ok(value.documentation().render_as_code(name))
}
