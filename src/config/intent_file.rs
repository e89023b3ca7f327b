//! Files that say what should be: where they are says what they speak of, what is in them is what should be there.

use serde_json::Value;

use crate::model::{Reference, SubPathKind};

/// How the files of the original's stores are called.
const OBJECT: &str = "/@object.json";

/// Why a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongFile {
    /// The line; 0 means all of the file.
    pub line: u32,
    /// What is wrong, and what to write instead.
    pub message: String,
}

impl WrongFile {
    fn whole(message: String) -> WrongFile {
        WrongFile { line: 0, message }
    }
}

/// How a file says what should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// `<ref>.json` is the value.
    Plain,
    /// `refs/<ref>/@object.json` is an envelope with the value in its `body` (reference/ocuroot.md §2.1).
    Object,
}

/// The ref that the path of a file stands for; `None` for files that say nothing, such as a README. It may lack its
/// repository: `api/release.ocu.star/@/deploy/production.json`, `@/environment/staging.json`.
///
/// # Errors
/// When the path looks like that of a ref and is none that anything can be wanted at.
pub fn reference_of(path: &str) -> Option<Result<Reference, WrongFile>> {
    let (layout, text) = place(path)?;
    let reference: Reference = match text.parse() {
        Ok(reference) => reference,
        Err(error) => return Some(Err(WrongFile::whole(format!("{error}")))),
    };
    if reference.fragment.is_none() && reference.release.is_some() && reference.can_be_intended() {
        return Some(Ok(reference));
    }
    match layout {
        // The original keeps other records beside them.
        Layout::Object => None,
        Layout::Plain => Some(Err(WrongFile::whole(format!(
            "`{text}` is nothing that can be wanted: what can are environments (`@/environment/<name>.json`), custom \
             values (`…/@/custom/<name>.json`) and what is deployed (`<file>/@/deploy/<environment>.json`)"
        )))),
    }
}

fn place(path: &str) -> Option<(Layout, &str)> {
    if let Some(object) = path.strip_suffix(OBJECT) {
        let object = object.strip_prefix("intent/").unwrap_or(object);
        return Some((Layout::Object, object.strip_prefix("refs/")?));
    }
    let is_ref = path.starts_with("@/") || path.contains("/@");
    let text = path.strip_suffix(".json").filter(|_| is_ref)?;
    Some((Layout::Plain, text))
}

/// What the file at `path`, which stands for `reference`, says should be there; `None` when it says nothing of its own,
/// like the links of the original's stores.
///
/// # Errors
/// When it cannot be read, with the line.
pub fn value_of(path: &str, reference: &Reference, text: &str) -> Result<Option<Value>, WrongFile> {
    let value: Value = serde_json::from_str(text).map_err(|error| WrongFile {
        line: u32::try_from(error.line()).unwrap_or(0),
        message: format!("it is not JSON: {error}"),
    })?;
    let value = match place(path) {
        Some((Layout::Object, _)) => match value["kind"].as_str() {
            Some("link") => return Ok(None),
            _ => value.get("body").cloned().ok_or_else(|| {
                let what = "it has no `body`: a file called @object.json is {\"kind\": \"ref\", \"body\": <value>}";
                WrongFile::whole(what.to_owned())
            })?,
        },
        _ => value,
    };
    Ok(Some(completed(reference, value)))
}

/// What a file need not repeat of its own place: the environment's name, the package of a release.
fn completed(reference: &Reference, mut value: Value) -> Value {
    match &reference.subpath {
        Some((SubPathKind::Environment, name)) => {
            if let Some(fields) = value.as_object_mut() {
                let name = Value::String(name.clone());
                fields.entry("name").or_insert(name);
            }
        }
        Some((SubPathKind::Deploy, _)) => complete_release(reference, &mut value),
        _ => {}
    }
    value
}

/// A release may be called by its number, `r7` or `@r7`, and is of the package then.
pub fn complete_release(reference: &Reference, value: &mut Value) {
    let number = value["release"].as_str();
    let number = number.map(|text| text.trim_start_matches("./").trim_start_matches('@'));
    let number = number.and_then(|number| number.parse().ok());
    if let (Some(number), Some(package)) = (number, reference.package()) {
        let name = crate::model::ReleaseName { package, number };
        value["release"] = Value::String(name.to_string());
    }
}
