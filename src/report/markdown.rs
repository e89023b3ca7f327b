//! Putting foreign text into Markdown without letting it speak for us.

/// The most characters GitHub takes for a summary; the rest is cut at a line end, and said to be.
pub const LONGEST: usize = 60_000;

/// Text in a code span: whatever it contains, it stays in the span and on the line.
pub fn code(text: &str) -> String {
    let line = text.replace(['\n', '\r'], " ").replace('|', "\\|");
    let longest_run = longest_run_of_backticks(&line);
    let fence = "`".repeat(longest_run + 1);
    if line.is_empty() {
        String::new()
    } else if longest_run > 0 || line.starts_with(' ') {
        format!("{fence} {line} {fence}")
    } else {
        format!("{fence}{line}{fence}")
    }
}

/// Text in a code block: whatever it contains, it stays in the block.
pub fn block(text: &str) -> String {
    let fence = "`".repeat(longest_run_of_backticks(text).max(2) + 1);
    format!("{fence}text\n{}\n{fence}", text.trim_end())
}

/// A link, if there is an address of the web to link to.
pub fn link(label: &str, url: Option<&String>) -> String {
    match url {
        Some(url) if url.starts_with("https://") || url.starts_with("http://") => {
            format!("[{label}]({})", url.replace([')', ' ', '\n'], ""))
        }
        _ => label.to_owned(),
    }
}

/// Cuts a text that is too long for GitHub at the end of a line.
pub fn fit(text: String) -> String {
    if text.chars().count() <= LONGEST {
        return text;
    }
    let cut: String = text.chars().take(LONGEST).collect();
    let kept = cut.rsplit_once('\n').map_or(cut.as_str(), |(kept, _)| kept);
    format!("{kept}\n\n…and more than fits here.\n")
}

fn longest_run_of_backticks(text: &str) -> usize {
    text.split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or(0)
}

/// How long something took: `850 ms`, `12 s`, `3 min 05 s`, `2 h 10 min`.
pub fn duration(milliseconds: i64) -> String {
    let seconds = milliseconds / 1000;
    match seconds {
        0 => format!("{} ms", milliseconds.max(0)),
        1..=59 => format!("{seconds} s"),
        60..=3599 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}
