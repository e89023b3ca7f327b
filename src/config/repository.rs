//! `repo.ocu.star`: settings given by calls, or as globals, which win.

use starlark::environment::FrozenModule;
use starlark::values::Value;
use starlark::values::list::ListRef;

use super::evaluation::RepositorySettings;
use super::session::Evaluated;
use crate::model::Diagnostic;

/// The settings of an evaluated `repo.ocu.star`.
pub(super) fn settings(evaluated: &Evaluated) -> Option<RepositorySettings> {
    let module = evaluated.module.as_ref()?;
    let mut settings = evaluated.declared.repository.clone();
    let refuse = |message: String| {
        let diagnostic = Diagnostic::error(&evaluated.path, 0, 0, message);
        evaluated.journal.add_diagnostic(diagnostic);
    };
    match global(module, "repo_alias", text) {
        Some(Ok(alias)) => settings.alias = Some(alias),
        Some(Err(found)) => refuse(format!(
            "repo_alias must be a string that is not empty, not {found}"
        )),
        None => {}
    }
    match global(module, "release_ignore", texts) {
        Some(Ok(globs)) => settings.release_ignore = globs,
        Some(Err(found)) => refuse(format!(
            "release_ignore must be a list of globs, not {found}"
        )),
        None => {}
    }
    for glob in &settings.release_ignore {
        if let Err(error) = globset::Glob::new(glob) {
            refuse(format!(
                "release_ignore: `{glob}` is not a glob: {}",
                error.kind()
            ));
        }
    }
    Some(settings)
}

/// A global's value, or what it is instead; `None` when it is not set or is `None`.
fn global<T>(
    module: &FrozenModule,
    name: &str,
    read: impl Fn(Value<'_>) -> Option<T>,
) -> Option<Result<T, String>> {
    let value = module.get_option(name).ok().flatten()?;
    let value = value.value();
    (!value.is_none()).then(|| read(value).ok_or_else(|| value.get_type().to_owned()))
}

fn text(value: Value<'_>) -> Option<String> {
    let text = value.unpack_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

fn texts(value: Value<'_>) -> Option<Vec<String>> {
    ListRef::from_value(value)?
        .iter()
        .map(|item| item.unpack_str().map(str::to_owned))
        .collect()
}
