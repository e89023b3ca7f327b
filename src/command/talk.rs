//! Which lines of a comment are spoken: code, quotes, lists and HTML comments are talk.

/// The lines outside fenced code and HTML comments. Quoted, listed and indented lines stay: they do not start with `/`.
pub(super) fn spoken_lines(comment: &str) -> impl Iterator<Item = &str> {
    let mut fence: Option<Fence> = None;
    let mut is_hidden = false;
    comment.lines().filter(move |line| {
        if is_hidden {
            is_hidden = !line.contains("-->");
            return false;
        }
        if let Some(open) = fence {
            if open.is_closed_by(line) {
                fence = None;
            }
            return false;
        }
        fence = Fence::opened_by(line);
        if fence.is_some() {
            return false;
        }
        is_hidden = leaves_a_comment_open(line);
        true
    })
}

/// What opens a code block: at least three of one character, as CommonMark says.
#[derive(Clone, Copy)]
struct Fence {
    character: char,
    length: usize,
}

impl Fence {
    /// Indented fences count, and those behind the mark of a list: they stand in lists.
    fn opened_by(line: &str) -> Option<Fence> {
        let line = without_list_marks(line);
        let character = line.chars().next().filter(|first| "`~".contains(*first))?;
        let info = line.trim_start_matches(character);
        let length = line.len() - info.len();
        // With another backtick behind, it is a code span.
        let is_fence = length >= 3 && !(character == '`' && info.contains('`'));
        is_fence.then_some(Fence { character, length })
    }

    fn is_closed_by(self, line: &str) -> bool {
        let line = line.trim();
        line.len() >= self.length && line.chars().all(|each| each == self.character)
    }
}

fn without_list_marks(line: &str) -> &str {
    let line = line.trim_start();
    let numbers = line.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let rest = if numbers.len() < line.len() {
        numbers.strip_prefix(['.', ')'])
    } else {
        line.strip_prefix(['-', '*', '+'])
    };
    match rest {
        Some(rest) if rest.starts_with([' ', '\t']) => without_list_marks(rest),
        _ => line,
    }
}

/// A mark in a code span opens nothing.
fn leaves_a_comment_open(line: &str) -> bool {
    line.rsplit_once("<!--").is_some_and(|(before, after)| {
        !after.contains("-->") && before.matches('`').count() % 2 == 0
    })
}
