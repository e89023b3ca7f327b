//! Calling a run's function without a server: in this process, with this machine.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use super::chain::Chain;
use super::console::Console;
use super::deadline::within;
use super::host::{HostCapabilities, Output};
use super::masks::Masks;
use super::stop::Stop;
use crate::config::SourceTree;
use crate::model::{Environment, FunctionName, Outcome};

/// A run's function, with everything it is called with.
pub struct LocalCall {
    /// The config files of the release's commit.
    pub tree: SourceTree,
    /// The package's file.
    pub entry: String,
    /// The function.
    pub function: FunctionName,
    /// Its inputs.
    pub inputs: BTreeMap<String, Value>,
    /// What `environments()` answers.
    pub environments: Vec<Environment>,
    /// The checkout of the release's commit.
    pub directory: PathBuf,
    /// What commands see.
    pub variables: BTreeMap<String, String>,
    /// How long it may take.
    pub timeout_seconds: i64,
    /// Asks it to end earlier. One for each call: a call that takes too long is stopped by it, too.
    pub stop: Stop,
    /// Where its words go, secrets masked.
    pub output: Box<dyn Output>,
}

impl LocalCall {
    /// Calls it, and the functions it hands over to. Blocks; call it outside of async code.
    pub fn perform(self) -> Outcome {
        let masks = Masks::default();
        let output = MaskedOutput {
            masks: masks.clone(),
            output: self.output,
        };
        let host = HostCapabilities::new(
            &self.directory,
            self.variables,
            self.stop.clone(),
            Box::new(output),
        );
        let host = match host {
            Ok(host) => host,
            Err(error) => {
                let message = format!("{}: {error}", self.directory.display());
                return Outcome::Failed { message };
            }
        };
        let chain = Chain {
            tree: self.tree,
            entry: self.entry,
            environments: self.environments,
            host,
            console: Arc::new(Console::new(Box::new(io::sink()), masks.clone(), false)),
            masks,
            stop: self.stop.clone(),
        };
        let (function, inputs) = (self.function, self.inputs);
        within(&self.stop, self.timeout_seconds, move || {
            chain.run(function, inputs)
        })
        .unwrap_or_else(|message| Outcome::Failed { message })
    }
}

/// Knows the secrets of earlier functions of the chain, too.
struct MaskedOutput {
    masks: Masks,
    output: Box<dyn Output>,
}

impl Output for MaskedOutput {
    fn line(&self, line: &str) {
        self.output.line(&self.masks.applied(line));
    }

    fn hide(&self, secret: &str) {
        self.masks.add(secret);
        self.output.hide(secret);
    }
}
