//! A page of whole blocks: what does not fit is left out as a whole, and counted.

use std::fmt::Write;

/// Room for the line that counts what is left out.
const COUNT: usize = 60;

/// A text that is never longer than it may be.
pub(super) struct Page {
    text: String,
    most: usize,
}

/// A list on a page.
pub(super) struct List<'a> {
    /// What stands above it, if anything of it is shown.
    pub(super) heading: &'a str,
    /// What it is a list of: one, many.
    pub(super) of: (&'a str, &'a str),
    /// How many bytes of the page it may take.
    pub(super) most: usize,
}

impl Page {
    /// An empty page that takes so many bytes.
    pub(super) fn new(most: usize) -> Page {
        let text = String::new();
        Page { text, most }
    }

    /// Adds a block, if there is room for it.
    pub(super) fn add(&mut self, block: &str) {
        if self.text.len() + block.len() <= self.most {
            self.text.push_str(block);
        }
    }

    /// Adds as many blocks of a list as there is room for, and how many more there are.
    pub(super) fn add_list(&mut self, list: &List<'_>, blocks: &[String]) {
        let end = self.most.min(self.text.len() + list.most);
        let all = list.heading.len() + blocks.iter().map(String::len).sum::<usize>();
        if blocks.is_empty() || self.text.len() + list.heading.len() + COUNT > end {
            return;
        }
        let reserved = if self.text.len() + all <= end {
            0
        } else {
            COUNT
        };
        self.text.push_str(list.heading);
        let fits = |length: usize, block: &String| length + block.len() + reserved <= end;
        let mut left_out = blocks.len();
        for block in blocks {
            if !fits(self.text.len(), block) {
                break;
            }
            self.text.push_str(block);
            left_out -= 1;
        }
        if left_out > 0 {
            let (one, many) = list.of;
            let _ = writeln!(
                self.text,
                "\n… and {left_out} more {}",
                if left_out == 1 { one } else { many }
            );
        }
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}
