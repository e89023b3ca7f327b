//! The job's own log on GitHub, with its workflow commands.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use super::masks::Masks;

/// Writes to the job's log. A log that cannot be written to never fails the run.
pub(super) struct Console {
    writer: Mutex<Box<dyn Write + Send>>,
    masks: Masks,
    /// Whether GitHub reads along and understands its commands.
    is_github: bool,
}

impl Console {
    pub(super) fn new(writer: Box<dyn Write + Send>, masks: Masks, is_github: bool) -> Console {
        Console {
            writer: Mutex::new(writer),
            masks,
            is_github,
        }
    }

    /// A line, secrets masked.
    pub(super) fn line(&self, text: &str) {
        self.write(&self.masks.applied(text));
    }

    /// What follows is shown folded below this title.
    pub(super) fn group(&self, title: &str) {
        self.command("group", "", title);
    }

    pub(super) fn end_group(&self) {
        if self.is_github {
            self.write("::endgroup::");
        }
    }

    pub(super) fn warning(&self, text: &str) {
        self.command("warning", " title=ocuroot", text);
    }

    pub(super) fn error(&self, text: &str) {
        self.command("error", " title=ocuroot", text);
    }

    /// Hides a secret here, and on GitHub in everything the whole job prints.
    pub(super) fn hide(&self, secret: &str) {
        for part in self.masks.add(secret) {
            // The one line that has to carry a secret: GitHub swallows it. Nobody else would.
            if self.is_github {
                self.write(&format!("::add-mask::{}", escaped(&part)));
            }
        }
    }

    fn command(&self, command: &str, properties: &str, text: &str) {
        let text = self.masks.applied(text);
        match self.is_github {
            true => self.write(&format!("::{command}{properties}::{}", escaped(&text))),
            false => self.write(&format!("{command}: {text}")),
        }
    }

    fn write(&self, line: &str) {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writeln!(writer, "{line}").and_then(|()| writer.flush());
    }
}

/// Text as the data of a workflow command.
fn escaped(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}
