//! Whether more has to come before an input can be read.

use crate::config::source::{end_of_line, end_of_string};

/// Whether a bracket, a long text or a block is still open. A block ends with an empty line.
pub fn is_incomplete(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut brackets = 0_usize;
    let mut last = b'\n';
    let mut opens_block = false;
    while at < bytes.len() {
        let mut next = at + 1;
        match bytes[at] {
            b'#' => next = end_of_line(bytes, at),
            b'"' | b'\'' => {
                next = end_of_string(bytes, at);
                let quote = &[bytes[at]; 3];
                let is_long = bytes[at..].starts_with(quote);
                let is_ended = next >= at + 6 && bytes[..next.min(bytes.len())].ends_with(quote);
                if is_long && !is_ended {
                    return true;
                }
                last = b'"';
            }
            b'(' | b'[' | b'{' => brackets += 1,
            b')' | b']' | b'}' => brackets = brackets.saturating_sub(1),
            b'\n' => opens_block |= brackets == 0 && last == b':',
            _ => {}
        }
        if !bytes[at].is_ascii_whitespace() && !matches!(bytes[at], b'#' | b'"' | b'\'') {
            last = bytes[at];
        }
        at = next;
    }
    opens_block |= brackets == 0 && last == b':';
    let ends_with_empty_line = text.ends_with('\n');
    brackets > 0 || text.ends_with('\\') || (opens_block && !ends_with_empty_line)
}

#[cfg(test)]
mod tests {
    use super::is_incomplete;

    #[test]
    fn what_is_open_waits_for_more() {
        for text in [
            "f(",
            "x = [1,",
            "def f():",
            "def f():\n  pass",
            "def f(): # why",
            "'''a",
            "x = 1 + \\",
            "if True:\n  f()",
            "x = {'a': [1, 2]",
        ] {
            assert!(is_incomplete(text), "{text}");
        }
    }

    #[test]
    fn what_is_whole_does_not_wait() {
        for text in [
            "",
            "f()",
            "x = {'a': 1}",
            "x = [y for y in [1]]",
            "def f():\n  pass\n",
            "def f(): return 1",
            "'''a'''",
            "x = '('",
            "# (",
            "lambda: 1",
            "x = ')'",
            "''",
        ] {
            assert!(!is_incomplete(text), "{text}");
        }
    }
}
