//! Putting foreign text into Markdown without letting it speak for us.

use crate::model::Timestamp;

/// The most bytes of a summary or a comment. GitHub takes 65,535 characters; the rest is room for what is put around
/// the text, such as the mark of a comment or the answer to a second command.
pub const LONGEST: usize = 60_000;

/// What a text that was cut ends with.
const CUT: &str = "\n…and more than fits here.\n";

/// Text in a code span: whatever it contains, it stays in the span and on the line.
pub fn code(text: &str) -> String {
    let line = visible(text).replace(['\n', '\r'], " ");
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

/// Markdown as a cell of a table, where a `|` would begin the next cell even in a code span.
pub fn cell(markdown: &str) -> String {
    markdown.replace(['\n', '\r'], " ").replace('|', "\\|")
}

/// Text as plain words of a sentence: it formats nothing, links nothing, refers to nothing and calls nobody.
pub fn plain(text: &str) -> String {
    let text = visible(text).replace(['\n', '\r'], " ");
    let words: Vec<String> = text.split(' ').map(plain_word).collect();
    words.join(" ")
}

/// GitHub looks for names, numbers and addresses in what is shown, so escapes do not keep it from finding them. What
/// does is a character without width behind the sign, and a code span.
fn plain_word(word: &str) -> String {
    if word.contains("://") || word.to_ascii_lowercase().contains("www.") {
        return code(word);
    }
    let mut escaped = String::new();
    for character in word.chars() {
        match character {
            '@' => escaped.push_str("@\u{200b}"),
            '#' => escaped.push_str("\\#\u{200b}"),
            '-' if escaped.to_ascii_lowercase().ends_with("gh") => escaped.push_str("\u{200b}-"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '~' | '|' => {
                escaped.push('\\');
                escaped.push(character);
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Text inside HTML, such as the line of a fold, where Markdown means nothing.
pub fn html(text: &str) -> String {
    let mut escaped = String::new();
    for character in visible(text).chars() {
        match character {
            '\n' | '\r' => escaped.push(' '),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '@' => escaped.push_str("@\u{200b}"),
            '#' => escaped.push_str("#\u{200b}"),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Text without what cannot be seen and changes how the rest looks: signs that turn the direction of writing, signs
/// without width, and control characters. Each is shown as `\u{fffd}`. Colours of a terminal go without a trace.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if let Some(after) = after_colour(rest) {
            rest = after;
            continue;
        }
        let joins = matches!(character, '\u{200c}' | '\u{200d}');
        // Emoji and some scripts are written with these.
        let is_joined = joins
            && shown
                .chars()
                .next_back()
                .is_some_and(|last| !last.is_ascii());
        let is_kept = matches!(character, '\n' | '\r' | '\t') || is_joined;
        let is_hidden = !is_kept && (joins || character.is_control() || is_invisible(character));
        shown.push(if is_hidden { '\u{fffd}' } else { character });
        rest = &rest[character.len_utf8()..];
    }
    shown
}

fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// What follows a sequence that sets a colour, if `text` begins with one.
fn after_colour(text: &str) -> Option<&str> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    parameters
        .trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == ';')
        .strip_prefix('m')
}

/// Text in a code block: whatever it contains, it stays in the block.
pub fn block(text: &str) -> String {
    let text = visible(text);
    let fence = "`".repeat(longest_run_of_backticks(&text).max(2) + 1);
    format!("{fence}text\n{}\n{fence}", text.trim_end())
}

/// A link, if there is an address of the web to link to.
pub fn link(label: &str, url: Option<&String>) -> String {
    match url {
        Some(url) if url.starts_with("https://") || url.starts_with("http://") => {
            format!("[{label}]({})", address(url))
        }
        _ => label.to_owned(),
    }
}

/// An address as the target of a link, which it cannot end.
fn address(url: &str) -> String {
    let mut address = String::with_capacity(url.len());
    for character in url.chars() {
        match character {
            '(' => address.push_str("%28"),
            ')' => address.push_str("%29"),
            '<' => address.push_str("%3C"),
            '>' => address.push_str("%3E"),
            '\\' => address.push_str("%5C"),
            hidden if hidden.is_whitespace() || hidden.is_control() || is_invisible(hidden) => {}
            _ => address.push(character),
        }
    }
    address
}

/// Cuts a text that is too long for GitHub at the end of a line, and says so. A code block or a fold that the cut
/// leaves open is closed, so that what follows is not swallowed by it.
pub fn fit(text: String) -> String {
    if text.len() <= LONGEST {
        return text;
    }
    let mut kept = String::new();
    let mut open = Open::default();
    for line in text.split_inclusive('\n') {
        let mut after = open.clone();
        after.read(line);
        if kept.len() + line.len() + after.closing().len() + CUT.len() > LONGEST {
            break;
        }
        kept.push_str(line);
        open = after;
    }
    kept + &open.closing() + CUT
}

/// What a text has opened and not closed yet.
#[derive(Clone, Default)]
struct Open {
    fence: Option<String>,
    folds: usize,
}

impl Open {
    fn read(&mut self, line: &str) {
        let line = line.trim_end();
        let backticks = line.len() - line.trim_start_matches('`').len();
        match &self.fence {
            Some(fence) if line == fence => self.fence = None,
            Some(_) => {}
            None if backticks > 2 => self.fence = Some("`".repeat(backticks)),
            None => {
                self.folds += line.matches("<details>").count();
                self.folds = self
                    .folds
                    .saturating_sub(line.matches("</details>").count());
            }
        }
    }

    fn closing(&self) -> String {
        let fence = self
            .fence
            .iter()
            .map(|fence| format!("{fence}\n"))
            .collect::<String>();
        fence + &"\n</details>\n".repeat(self.folds)
    }
}

/// The first of many names, and how many more there are.
pub fn listed(names: &[String]) -> String {
    const SHOWN: usize = 3;
    match names.get(..SHOWN) {
        Some(first) if names.len() > SHOWN + 1 => {
            format!("{} and {} more", first.join(", "), names.len() - SHOWN)
        }
        _ => names.join(", "),
    }
}

/// Of many things the first twelve, and how many more there are.
pub fn several(things: &[String]) -> String {
    const SHOWN: usize = 12;
    match things.get(..SHOWN) {
        Some(first) if things.len() > SHOWN + 1 => {
            format!("{} and {} more", first.join(", "), things.len() - SHOWN)
        }
        _ => things.join(", "),
    }
}

/// At most `most` characters of a text, and a sign that there is more.
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn longest_run_of_backticks(text: &str) -> usize {
    text.split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or(0)
}

/// A point in time, to the minute, for people anywhere: `2026-11-24 09:00 UTC`.
pub fn time(at: Timestamp) -> String {
    let text = at.rfc3339();
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(minute)) => format!("{day} {minute} UTC"),
        _ => text,
    }
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
