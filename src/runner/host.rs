//! What a function may touch in a job: the machine it runs on.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::identity::REQUEST_VARIABLES;
use super::stop::Stop;
use super::{files, shell, web};
use crate::config::{
    Capabilities, HostError, HttpRequest, HttpResponse, ShellCommand, ShellResult,
};

/// Where a function's words go.
pub trait Output: Send {
    /// A line, masked with the secrets the function has registered.
    fn line(&self, line: &str);

    /// `secret` must not be shown from now on.
    fn hide(&self, secret: &str);
}

/// Grants a function this machine: commands, the repository's files, HTTP.
pub struct HostCapabilities {
    /// Absolute, without symbolic links.
    root: PathBuf,
    environment: BTreeMap<String, String>,
    stop: Stop,
    output: Box<dyn Output>,
}

impl HostCapabilities {
    /// `root` is the repository's checkout; `environment` is what commands see, less what identifies the job.
    ///
    /// # Errors
    /// When `root` is not there.
    pub fn new(
        root: &Path,
        mut environment: BTreeMap<String, String>,
        stop: Stop,
        output: Box<dyn Output>,
    ) -> io::Result<HostCapabilities> {
        for name in REQUEST_VARIABLES {
            environment.remove(name);
        }
        Ok(HostCapabilities {
            root: root.canonicalize()?,
            environment,
            stop,
            output,
        })
    }
}

impl Capabilities for HostCapabilities {
    fn os(&self) -> Result<String, HostError> {
        Ok(match std::env::consts::OS {
            "macos" => "darwin",
            other => other,
        }
        .to_owned())
    }

    fn arch(&self) -> Result<String, HostError> {
        Ok(match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "x86" => "386",
            "aarch64" => "arm64",
            other => other,
        }
        .to_owned())
    }

    fn env(&self) -> Result<BTreeMap<String, String>, HostError> {
        Ok(self.environment.clone())
    }

    fn pwd(&self, folder: &str) -> Result<String, HostError> {
        let folder = files::existing(&self.root, folder).map_err(HostError::Failed)?;
        Ok(folder.to_string_lossy().into_owned())
    }

    fn shell(
        &self,
        command: &ShellCommand,
        line: &mut dyn FnMut(&str),
    ) -> Result<ShellResult, HostError> {
        let directory = match command.directory.starts_with('/') {
            true => PathBuf::from(&command.directory),
            false => files::existing(&self.root, &command.directory).map_err(HostError::Failed)?,
        };
        if !directory.is_dir() {
            let message = format!("{}: this is not a folder", directory.display());
            return Err(HostError::Failed(message));
        }
        let mut process = Command::new(&command.shell);
        process
            .args(["-c", &command.command])
            .current_dir(directory)
            .env_clear()
            .envs(&self.environment)
            .envs(&command.environment);
        let mut ignored = |_: &str| {};
        let on_line = match command.mute {
            true => &mut ignored as &mut dyn FnMut(&str),
            false => line,
        };
        shell::run(&mut process, &self.stop, on_line).map_err(HostError::Failed)
    }

    fn read(&self, path: &str) -> Result<String, HostError> {
        files::read(&self.root, path).map_err(HostError::Failed)
    }

    fn write(&self, path: &str, content: &str) -> Result<(), HostError> {
        files::write(&self.root, path, content).map_err(HostError::Failed)
    }

    fn read_dir(&self, path: &str) -> Result<Vec<String>, HostError> {
        files::list(&self.root, path).map_err(HostError::Failed)
    }

    fn is_dir(&self, path: &str) -> Result<bool, HostError> {
        let found = files::existing(&self.root, path).map_err(HostError::Failed)?;
        Ok(found.is_dir())
    }

    fn http(&self, request: &HttpRequest) -> Result<HttpResponse, HostError> {
        if let Some(reason) = self.stop.reason() {
            return Err(HostError::Failed(reason.message()));
        }
        web::send(request).map_err(HostError::Failed)
    }

    fn log(&self, line: &str) {
        // A text of several lines is one print, but several lines of a log.
        for line in line.split('\n') {
            self.output.line(line);
        }
    }

    fn mask(&self, value: &str) {
        self.output.hide(value);
    }
}
