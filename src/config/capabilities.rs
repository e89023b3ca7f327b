//! What a config file's functions may touch outside: decided by whoever evaluates.

use std::collections::BTreeMap;

/// Why a capability gave no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostError {
    /// It is not granted here. The attempt counts for nothing and may be repeated where it is.
    NotGranted,
    /// It was tried and failed; the text is shown to people.
    Failed(String),
}

/// A command for a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellCommand {
    /// The command line.
    pub command: String,
    /// The program that reads it with `-c`, such as `sh`.
    pub shell: String,
    /// Where it runs: relative to the repository's root (empty for the root itself), or absolute.
    pub directory: String,
    /// Added to the process's environment.
    pub environment: BTreeMap<String, String>,
    /// Whether its output stays out of the log.
    pub mute: bool,
}

/// What a shell command came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShellResult {
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
    /// Both, in the order they were written.
    pub combined_output: String,
    /// Its exit code; not zero is not an error here.
    pub exit_code: i32,
}

/// A request of `http.*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// `GET`, `POST`, …
    pub method: String,
    /// The address.
    pub url: String,
    /// Headers in order; a name may repeat.
    pub headers: Vec<(String, String)>,
    /// The body; empty for methods without one.
    pub body: String,
}

/// The answer to a request of `http.*`. Any status is an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpResponse {
    /// `200`, `404`, …
    pub status_code: u16,
    /// `OK`, `Not Found`, …
    pub status_text: String,
    /// Headers; repeated ones joined with `, `.
    pub headers: BTreeMap<String, String>,
    /// The body as text.
    pub body: String,
}

/// The outside, as a config file's functions see it. Every method is refused unless it is implemented.
///
/// Paths are relative to the repository's root and never leave it.
pub trait Capabilities {
    /// `host.os()`: the operating system in Go's names, such as `linux`.
    fn os(&self) -> Result<String, HostError> {
        Err(HostError::NotGranted)
    }

    /// `host.arch()`: the processor in Go's names, such as `amd64`.
    fn arch(&self) -> Result<String, HostError> {
        Err(HostError::NotGranted)
    }

    /// `host.env()`: the process's environment variables.
    fn env(&self) -> Result<BTreeMap<String, String>, HostError> {
        Err(HostError::NotGranted)
    }

    /// `host.pwd()`: the absolute path of `folder` on this machine.
    fn pwd(&self, folder: &str) -> Result<String, HostError> {
        let _ = folder;
        Err(HostError::NotGranted)
    }

    /// `host.shell(...)`: runs a command to its end and gives each line of output to `line` as it comes, unless the
    /// command is mute. `line` masks secrets and passes it on to [`Capabilities::log`].
    fn shell(
        &self,
        command: &ShellCommand,
        line: &mut dyn FnMut(&str),
    ) -> Result<ShellResult, HostError> {
        let _ = (command, line);
        Err(HostError::NotGranted)
    }

    /// `read(path)`: a file's text.
    fn read(&self, path: &str) -> Result<String, HostError> {
        let _ = path;
        Err(HostError::NotGranted)
    }

    /// `write(path, content)`: replaces a file, creating folders as needed.
    fn write(&self, path: &str, content: &str) -> Result<(), HostError> {
        let _ = (path, content);
        Err(HostError::NotGranted)
    }

    /// `read_dir(path)`: the names in a folder; an error if it is none.
    fn read_dir(&self, path: &str) -> Result<Vec<String>, HostError> {
        let _ = path;
        Err(HostError::NotGranted)
    }

    /// `is_dir(path)`: whether a path is a folder; an error if there is nothing.
    fn is_dir(&self, path: &str) -> Result<bool, HostError> {
        let _ = path;
        Err(HostError::NotGranted)
    }

    /// `http.*`: one request.
    fn http(&self, request: &HttpRequest) -> Result<HttpResponse, HostError> {
        let _ = request;
        Err(HostError::NotGranted)
    }

    /// A line of output, secrets masked, as it is printed. [`super::invoke`] also returns all lines at the end.
    fn log(&self, line: &str) {
        let _ = line;
    }

    /// `secret(value)` was called: whatever the implementation writes by itself must not show `value`.
    fn mask(&self, value: &str) {
        let _ = value;
    }
}

/// Grants nothing: how the server evaluates.
#[derive(Clone, Copy, Debug, Default)]
pub struct Denied;

impl Capabilities for Denied {}
