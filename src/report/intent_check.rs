//! The check run `ocuroot / intent`: what the files of a branch want, or would want once they are merged.

use super::blocks::{List, Page};
use super::{CheckText, Conclusion, markdown};
use crate::model::{Diagnostic, IntentItem, IntentReport, Reference};

/// How much of a value is shown.
const VALUE: usize = 300;

const WRONG: List<'static> = List {
    heading: "#### What is not made so\n\n",
    of: ("file", "files"),
    most: 20_000,
};

const WANTED: List<'static> = List {
    heading: "\n#### What should be\n\n",
    of: ("thing", "things"),
    most: 30_000,
};

const DIFFERING: List<'static> = List {
    heading: "\n#### What was decided otherwise since\n\nThe files still say something else. Nothing follows from that \
              until they are pushed again.\n\n",
    of: ("thing", "things"),
    most: 8_000,
};

/// What the check run `ocuroot / intent` says.
pub fn intent_check(report: &IntentReport) -> CheckText {
    let (wrong, right): (Vec<&IntentItem>, Vec<&IntentItem>) =
        report.items.iter().partition(|item| item.has_failed());
    let mut page = Page::new(markdown::LONGEST);
    let lines: Vec<String> = wrong
        .iter()
        .map(|item| problem(item, report.is_preview))
        .collect();
    page.add_list(&WRONG, &lines);
    let lines: Vec<String> = right
        .iter()
        .map(|item| one(item, report.is_preview))
        .collect();
    page.add_list(&WANTED, &lines);
    let lines: Vec<String> = report.differing.iter().map(differing).collect();
    page.add_list(&DIFFERING, &lines);
    page.add(&closing(report));
    CheckText {
        name: "ocuroot / intent".to_owned(),
        conclusion: Some(match wrong.is_empty() {
            true => Conclusion::Success,
            false => Conclusion::Failure,
        }),
        title: title(report, wrong.len(), right.len()),
        summary: markdown::fit(page.into_text().trim_start().to_owned()),
        annotations: wrong.iter().filter_map(|item| annotation(item)).collect(),
        buttons: Vec::new(),
    }
}

fn title(report: &IntentReport, wrong: usize, right: usize) -> String {
    let things = |count: usize| match count {
        1 => "1 thing".to_owned(),
        count => format!("{count} things"),
    };
    let wanted = match (report.is_preview, right) {
        (_, 0) if wrong == 0 => "wants nothing new".to_owned(),
        (_, 0) => String::new(),
        (true, count) => format!("would want {}", things(count)),
        (false, count) => format!("wants {}", things(count)),
    };
    let files = match wrong {
        0 => String::new(),
        1 => "1 file is not made so".to_owned(),
        count => format!("{count} files are not made so"),
    };
    let parts = [wanted, files];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("; ")
}

fn problem(item: &IntentItem, is_preview: bool) -> String {
    let line = match item.line {
        0 => String::new(),
        line => format!(":{line}"),
    };
    let place = markdown::code(&format!("{}{line}", item.path));
    let why = match &item.wrong {
        Some(wrong) => markdown::plain(wrong),
        None => refusal(item, is_preview),
    };
    format!("- {place}: {why}\n")
}

/// Who it was that is not let, or that nobody knows it.
fn refusal(item: &IntentItem, is_preview: bool) -> String {
    let words = item.refused.as_deref().unwrap_or_default();
    match &item.pusher {
        _ if is_preview => words.to_owned(),
        Some(pusher) => format!("{words} It was pushed by {}.", markdown::code(pusher)),
        None => format!(
            "{words} Nobody is known to have pushed it, for GitHub's message of that got lost: whoever changes the \
             file once more answers for it."
        ),
    }
}

fn one(item: &IntentItem, is_preview: bool) -> String {
    let reference = item.reference.as_ref();
    let reference = reference.map_or_else(String::new, code);
    let mut line = match (&item.before, &item.after) {
        (_, None) if is_preview => format!("- {reference} would be taken away"),
        (_, None) => format!("- {reference} should not be there any more"),
        (None, Some(after)) => format!("- {reference}: {}", value(after)),
        (Some(before), Some(after)) if before == after => {
            format!("- {reference} is {} already", value(after))
        }
        (Some(before), Some(after)) => {
            format!(
                "- {reference}: {} in place of {}",
                value(after),
                value(before)
            )
        }
    };
    if let Some(said) = &item.said {
        line.push_str(&format!(". {said}"));
    }
    if !item.readers.is_empty() {
        let readers: Vec<String> = item
            .readers
            .iter()
            .map(|reader| {
                let (package, environment) = (reader.package.short(), reader.environment.as_str());
                format!(
                    "{} in {}",
                    markdown::code(package),
                    markdown::code(environment)
                )
            })
            .collect();
        line.push_str(&format!(
            ". What reads it is deployed again: {}",
            markdown::several(&readers)
        ));
    }
    line.push('\n');
    line
}

fn differing(reference: &Reference) -> String {
    format!("- {}\n", code(reference))
}

fn code(reference: &Reference) -> String {
    markdown::code(&reference.to_string())
}

fn value(value: &serde_json::Value) -> String {
    markdown::code(&markdown::shortened(&value.to_string(), VALUE))
}

fn closing(report: &IntentReport) -> String {
    let branch = markdown::code(&report.branch);
    if report.is_preview {
        format!(
            "\nOnce this is merged into {branch}, it is wanted in the name of whoever merges it: the rules of the \
             environments hold for them.\n"
        )
    } else {
        format!("\nThis is the newest commit of {branch}, which says what should be.\n")
    }
}

/// A removed file has no line to stand at.
fn annotation(item: &IntentItem) -> Option<Diagnostic> {
    let problem = item.wrong.as_ref().or(item.refused.as_ref())?;
    item.after
        .as_ref()
        .or(item.reference.is_none().then_some(&serde_json::Value::Null))?;
    Some(Diagnostic::error(&item.path, item.line, 0, problem.clone()))
}
