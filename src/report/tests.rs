//! Whole texts, as people read them: the snapshots are the documentation of what Ocuroot says.

mod comments;
mod commit;
mod diagnosis;
mod gates;
mod limits;
mod preview;
mod release;
mod run;
mod scene;

use super::CheckText;

/// A check run as one text: the line GitHub shows in the list, the buttons, the annotations, the page.
fn page(text: &CheckText) -> String {
    let end = text
        .conclusion
        .map_or("in_progress", super::Conclusion::as_str);
    let buttons = text
        .buttons
        .iter()
        .map(|button| format!("[{}] {}\n", button.label(), button.description()));
    let annotations = text
        .annotations
        .iter()
        .map(|annotation| format!("@ {annotation}\n"));
    format!(
        "{} | {end} | {}\n{}{}\n{}",
        text.name,
        text.title,
        buttons.collect::<String>(),
        annotations.collect::<String>(),
        text.summary
    )
}

/// A summary GitHub would take, of which nothing is left open.
#[track_caller]
fn assert_fits(text: &str) {
    assert!(text.len() <= 65_535, "{} bytes", text.len());
    let fences = text.lines().filter(|line| line.starts_with("```")).count();
    assert_eq!(fences % 2, 0, "a code block is left open");
    let opened = text.matches("<details>").count();
    assert_eq!(opened, text.matches("</details>").count(), "a fold");
    for line in text.lines().filter(|line| line.starts_with('|')) {
        assert!(line.ends_with('|'), "half a row: {line}");
    }
}
