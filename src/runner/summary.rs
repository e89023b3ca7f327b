//! The short summary that GitHub shows on the workflow run's page.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write as _;

use serde_json::Value;

use crate::model::Outcome;
use crate::report::markdown;

/// A longer output is cut here; the server shows all of it.
const LONGEST_VALUE: usize = 500;
/// More outputs are only counted.
const MOST_OUTPUTS: usize = 100;

/// Appends the run's end to the file GitHub names. A summary that cannot be written fails nothing.
pub(super) fn write(environment: &BTreeMap<String, String>, run: &str, outcome: &Outcome) {
    let Some(path) = environment.get("GITHUB_STEP_SUMMARY") else {
        return;
    };
    let file = OpenOptions::new().append(true).create(true).open(path);
    if let Ok(mut file) = file {
        let _ = file.write_all(text(run, outcome).as_bytes());
    }
}

/// The summary as Markdown. Secrets are masked in an outcome already.
fn text(run: &str, outcome: &Outcome) -> String {
    let run = markdown::code(run);
    match outcome {
        Outcome::Done { outputs, tags, .. } => {
            let mut text = format!("### Done: {run}\n\n");
            if !tags.is_empty() {
                let tags: Vec<String> = tags.iter().map(|tag| markdown::code(tag)).collect();
                text.push_str(&format!("Tags: {}\n\n", tags.join(", ")));
            }
            text.push_str(&table(outputs));
            text
        }
        Outcome::Next { function, inputs } => {
            let function = markdown::code(&function.to_string());
            let inputs: Vec<String> = inputs.keys().map(|name| markdown::code(name)).collect();
            let inputs = inputs.join(", ");
            format!(
                "### Paused: {run}\n\nGoes on with {function} once its inputs are there: {inputs}\n\n"
            )
        }
        Outcome::Failed { message } => {
            format!("### Failed: {run}\n\n{}\n\n", markdown::block(message))
        }
    }
}

fn table(outputs: &BTreeMap<String, Value>) -> String {
    if outputs.is_empty() {
        return String::new();
    }
    let mut text = "| output | value |\n| --- | --- |\n".to_owned();
    for (name, value) in outputs.iter().take(MOST_OUTPUTS) {
        let value = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let mut shown: String = value.chars().take(LONGEST_VALUE).collect();
        if shown.len() < value.len() {
            shown.push('…');
        }
        let cell = |text: &str| markdown::cell(&markdown::code(text));
        let (name, shown) = (cell(name), cell(&shown));
        text.push_str(&format!("| {name} | {shown} |\n"));
    }
    if outputs.len() > MOST_OUTPUTS {
        let more = outputs.len() - MOST_OUTPUTS;
        text.push_str(&format!("\nand {more} more\n"));
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::text;
    use crate::model::Outcome;
    use serde_json::json;

    #[test]
    fn outputs_become_a_table_that_no_value_breaks() {
        let outcome = Outcome::Done {
            outputs: [
                ("count".to_owned(), json!(3)),
                ("url".to_owned(), json!("a|b\n`c`")),
            ]
            .into(),
            tags: vec!["v1".to_owned()],
            watch: Vec::new(),
        };
        assert_eq!(
            text("r/-/a/@r1/task/build/1", &outcome),
            "### Done: `r/-/a/@r1/task/build/1`\n\nTags: `v1`\n\n| output | value |\n| --- | --- |\n\
             | `count` | `3` |\n| `url` | `` a\\|b `c` `` |\n\n"
        );
    }
}
