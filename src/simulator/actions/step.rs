//! The steps of a job, or of a composite action.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::expression::{Scope, interpolate_text, text_of, truthy};
use super::files;
use super::job::{RunningJob, wanted};
use super::process::{self, Ended};
use crate::simulator::keys::random_hex;

/// What a list of steps shares: contexts, variables, where commands run.
pub(super) struct Frame {
    pub(super) scope: Scope,
    /// The `env` context.
    pub(super) environment: BTreeMap<String, String>,
    pub(super) shell: Option<String>,
    pub(super) directory: PathBuf,
    /// Set within a composite action.
    pub(super) action_path: Option<PathBuf>,
}

/// A list of steps that runs.
pub(super) struct Steps<'a, 'b> {
    pub(super) job: &'a mut RunningJob<'b>,
    pub(super) frame: &'a mut Frame,
    /// The step of the job that shows the log; none for the job's own steps.
    pub(super) shown: Option<usize>,
    pub(super) depth: usize,
}

/// How a step ended, and what it put out.
#[derive(Default)]
pub(super) struct Ending {
    pub(super) failed: bool,
    pub(super) outputs: Map<String, Value>,
}

impl Frame {
    /// The frame of a job's own steps.
    pub(super) fn of_job(job: &mut RunningJob<'_>) -> Result<Self, String> {
        let (workflow, definition) = (&job.plan.workflow, &job.plan.definition);
        let mut scope = job.plan.scope.clone();
        // What went wrong in a job this one needs is not this job's failure.
        scope.failed = false;
        let workspace = job.workspace.to_string_lossy().into_owned();
        let token = job.job_token();
        if let Some(github) = scope.contexts.get_mut("github") {
            github["workspace"] = json!(workspace);
            github["job"] = json!(job.plan.key);
            github["token"] = json!(token);
        }
        scope.set("secrets", json!({"GITHUB_TOKEN": token}));
        job.masks
            .extend([token].into_iter().filter(|token| !token.is_empty()));
        scope.set("steps", json!({}));
        scope.set("job", json!({"status": "success"}));
        scope.set("strategy", json!({}));
        scope.set(
            "runner",
            json!({
                "os": "Linux", "arch": "X64", "name": "laptop", "environment": "github-hosted",
                "temp": job.temporary.to_string_lossy(),
            }),
        );
        let run = |name: &str| {
            let own = &definition["defaults"]["run"][name];
            let inherited = &workflow["defaults"]["run"][name];
            own.as_str().or(inherited.as_str()).map(str::to_owned)
        };
        let directory =
            run("working-directory").map_or(job.workspace.clone(), |path| job.workspace.join(path));
        let mut frame = Self {
            scope,
            environment: BTreeMap::new(),
            shell: run("shell"),
            directory,
            action_path: None,
        };
        frame.extend_environment(&workflow["env"])?;
        frame.extend_environment(&definition["env"])?;
        Ok(frame)
    }

    /// Adds the variables of an `env:` to the context.
    pub(super) fn extend_environment(&mut self, variables: &Value) -> Result<(), String> {
        for (name, value) in variables.as_object().into_iter().flatten() {
            let value = interpolate_text(value, &self.scope).map_err(|error| error.to_string())?;
            self.environment.insert(name.clone(), value);
        }
        self.scope.set("env", json!(self.environment));
        Ok(())
    }
}

impl Steps<'_, '_> {
    /// Runs the steps in order; `true` when one failed that may not.
    pub(super) fn run(&mut self, steps: &[Value]) -> Result<bool, String> {
        if self.shown.is_none() {
            self.job.show_steps(steps.iter().map(raw_name).collect());
        }
        for (position, step) in steps.iter().enumerate() {
            let shown = self.shown.unwrap_or(position);
            self.frame.scope.cancelled = self.job.is_cancelled();
            if self.job.shared.lock().is_stopping {
                return Ok(true);
            }
            self.one(step, position, shown)?;
        }
        Ok(self.frame.scope.failed)
    }

    fn one(&mut self, step: &Value, position: usize, shown: usize) -> Result<(), String> {
        let is_own = self.shown.is_none();
        let runs = wanted(step, &self.frame.scope)?;
        if is_own {
            let name = interpolate_text(&json!(raw_name(step)), &self.frame.scope)
                .unwrap_or_else(|_| raw_name(step));
            let status = if runs { "in_progress" } else { "completed" };
            self.job.change_step(shown, |shown| {
                shown.name = name;
                shown.status = status.to_owned();
                shown.conclusion = (!runs).then(|| "skipped".to_owned());
            });
        }
        let (outcome, ending) = if runs {
            let ending = self
                .carry_out(step, position, shown)
                .unwrap_or_else(|error| {
                    self.job.log(shown, &format!("##[error]{error}"));
                    Ending {
                        failed: true,
                        outputs: Map::new(),
                    }
                });
            let outcome = match (ending.failed, self.job.is_cancelled()) {
                (false, _) => "success",
                (true, true) => "cancelled",
                (true, false) => "failure",
            };
            (outcome, ending)
        } else {
            ("skipped", Ending::default())
        };
        let tolerated = step["continue-on-error"].as_str().map_or_else(
            || truthy(&step["continue-on-error"]),
            |text| {
                interpolate_text(&json!(text), &self.frame.scope).is_ok_and(|value| value == "true")
            },
        );
        let conclusion = if tolerated && outcome == "failure" {
            "success"
        } else {
            outcome
        };
        if runs && is_own {
            self.job.change_step(shown, |shown| {
                shown.status = "completed".to_owned();
                shown.conclusion = Some(conclusion.to_owned());
            });
        }
        self.remember(step, outcome, conclusion, ending);
        Ok(())
    }

    fn remember(&mut self, step: &Value, outcome: &str, conclusion: &str, ending: Ending) {
        let scope = &mut self.frame.scope;
        if conclusion == "failure" {
            scope.failed = true;
            scope.set("job", json!({"status": "failure"}));
        }
        if let Some(id) = step["id"].as_str()
            && let Some(Value::Object(steps)) = scope.contexts.get_mut("steps")
        {
            let entry =
                json!({"outcome": outcome, "conclusion": conclusion, "outputs": ending.outputs});
            steps.insert(id.to_owned(), entry);
        }
    }

    fn carry_out(&mut self, step: &Value, position: usize, shown: usize) -> Result<Ending, String> {
        let before = self.frame.environment.clone();
        self.frame.extend_environment(&step["env"])?;
        let result = match step["uses"].as_str() {
            Some(uses) => self.uses(uses, step, shown),
            None => self.command(step, position, shown),
        };
        // Variables of the step go; what it wrote to GITHUB_ENV stays.
        let written = result
            .as_ref()
            .map(|(_, written)| written.clone())
            .unwrap_or_default();
        self.frame.environment = before;
        self.frame.environment.extend(written);
        self.frame.scope.set("env", json!(self.frame.environment));
        result.map(|(ending, _)| ending)
    }

    /// Runs the `run:` of a step; returns what it wrote to `GITHUB_ENV` too.
    fn command(
        &mut self,
        step: &Value,
        position: usize,
        shown: usize,
    ) -> Result<(Ending, BTreeMap<String, String>), String> {
        let text = |value: &Value, scope: &Scope| {
            interpolate_text(value, scope).map_err(|error| error.to_string())
        };
        let script = text(&step["run"], &self.frame.scope)?;
        let shell = step["shell"]
            .as_str()
            .map(str::to_owned)
            .or_else(|| self.frame.shell.clone());
        let directory = match &step["working-directory"] {
            Value::Null => self.frame.directory.clone(),
            path => self.job.workspace.join(text(path, &self.frame.scope)?),
        };
        for line in script.lines() {
            self.job.log(shown, &format!("$ {line}"));
        }
        let folder = self
            .job
            .temporary
            .join(format!("step-{position}-{}", random_hex(4)));
        let failed = |error: std::io::Error| error.to_string();
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let script_path = folder.join("script.sh");
        std::fs::write(&script_path, script).map_err(failed)?;
        let mut command = shell_command(shell.as_deref(), &script_path);
        command
            .current_dir(&directory)
            .env_clear()
            .envs(&self.job.base)
            .env("PATH", self.job.search_path());
        command.envs(&self.frame.environment);
        if let Some(path) = &self.frame.action_path {
            command.env("GITHUB_ACTION_PATH", path);
        }
        for name in ["OUTPUT", "ENV", "PATH", "STEP_SUMMARY", "STATE"] {
            std::fs::write(folder.join(name), "").map_err(failed)?;
            command.env(format!("GITHUB_{name}"), folder.join(name));
        }
        let own_minutes = step["timeout-minutes"]
            .as_u64()
            .map(|minutes| Duration::from_secs(minutes * 60));
        let deadline = own_minutes.map_or(self.job.deadline, |own| {
            self.job.deadline.min(Instant::now() + own)
        });
        let (shared, plan) = (self.job.shared, self.job.plan);
        let always = self.frame.scope.cancelled;
        // A step that runs although the run was cancelled is not stopped by the same cancellation.
        let stops = || {
            let world = shared.lock();
            let run = world.workflow_run(&plan.repository, plan.run);
            let asked =
                plan.stop.load(Ordering::SeqCst) || run.is_ok_and(|run| run.cancel_requested);
            world.is_stopping || (asked && !always)
        };
        let ended = process::run(command, deadline, |line| self.job.log(shown, line), stops)
            .map_err(|error| format!("cannot run the step in {}: {error}", directory.display()))?;
        let failed_with = match ended {
            Ended::Exited(0) => None,
            Ended::Exited(code) => Some(format!("Process completed with exit code {code}.")),
            Ended::TimedOut => Some("The step took longer than it may.".to_owned()),
            Ended::Cancelled => Some("The operation was canceled.".to_owned()),
        };
        if let Some(message) = &failed_with {
            self.job.log(shown, &format!("##[error]{message}"));
        }
        self.read_files(&folder, failed_with.is_some())
    }

    fn read_files(
        &mut self,
        folder: &Path,
        failed: bool,
    ) -> Result<(Ending, BTreeMap<String, String>), String> {
        let read = |name: &str| {
            std::fs::read_to_string(folder.join(name)).map_err(|error| error.to_string())
        };
        let outputs = files::pairs(&read("OUTPUT")?)?;
        let outputs = outputs
            .into_iter()
            .map(|(name, value)| (name, json!(value)))
            .collect();
        for line in read("PATH")?.lines().filter(|line| !line.trim().is_empty()) {
            self.job.path.insert(0, line.to_owned());
        }
        let written = files::pairs(&read("ENV")?)?.into_iter().collect();
        Ok((Ending { failed, outputs }, written))
    }
}

/// GitHub runs `bash -e` when no shell is named, and adds `pipefail` when bash is.
fn shell_command(shell: Option<&str>, script: &Path) -> Command {
    let has_bash = std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|directory| directory.join("bash").is_file())
    });
    let (program, flags): (&str, &[&str]) = match shell {
        Some("sh") => ("sh", &["-e"]),
        _ if !has_bash => ("sh", &["-e"]),
        Some(_) => ("bash", &["--noprofile", "--norc", "-eo", "pipefail"]),
        None => ("bash", &["-e"]),
    };
    let mut command = Command::new(program);
    command.args(flags).arg(script);
    command
}

/// What a step is called before its name can be evaluated.
fn raw_name(step: &Value) -> String {
    match (&step["name"], &step["uses"]) {
        (Value::Null, Value::Null) => {
            format!(
                "Run {}",
                text_of(&step["run"]).lines().next().unwrap_or_default()
            )
        }
        (Value::Null, uses) => format!("Run {}", text_of(uses)),
        (name, _) => text_of(name),
    }
}
