//! A repository in a folder of its own, and what the program says in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;

use serde_json::Value;
use tempfile::TempDir;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_ocuroot");

/// A repository.
pub struct Place {
    directory: Rc<TempDir>,
    folder: PathBuf,
    variables: BTreeMap<String, String>,
}

/// What a command came to.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub output: String,
    pub errors: String,
}

impl Said {
    #[track_caller]
    pub fn succeeds(self) -> Said {
        assert_eq!(self.code, 0, "{}\n{}", self.output, self.errors);
        self
    }

    #[track_caller]
    pub fn fails(self) -> Said {
        assert_eq!(self.code, 1, "{}\n{}", self.output, self.errors);
        self
    }

    /// Everything it said, wherever.
    pub fn text(&self) -> String {
        format!("{}{}", self.output, self.errors)
    }
}

impl Place {
    /// A copy of `tests/data/repos/<scenario>` whose commit is called `commitid`.
    pub fn of(scenario: &str) -> Place {
        let folder = format!("tests/data/repos/{scenario}");
        Place::within(Rc::new(TempDir::new().unwrap()), &folder)
    }

    /// A copy of `examples/<name>`, with a person who may commit to git. The tools of the examples stand in.
    pub fn of_example(name: &str) -> Place {
        let directory = Rc::new(TempDir::new().unwrap());
        let mut place = Place::within(directory, &format!("examples/{name}"));
        place.variables.remove("OCU_REPO_COMMIT_OVERRIDE");
        place.set("SHOP_STAND_IN", "1");
        for role in ["AUTHOR", "COMMITTER"] {
            place.set(&format!("GIT_{role}_NAME"), "tester");
            place.set(&format!("GIT_{role}_EMAIL"), "tester@example.com");
        }
        let programs = Path::new(PROGRAM).parent().unwrap().display();
        let path = format!("{programs}:{}", std::env::var("PATH").unwrap());
        place.set("PATH", &path);
        place
    }

    /// Another repository of the same person.
    pub fn beside(&self, scenario: &str) -> Place {
        let folder = format!("tests/data/repos/{scenario}");
        Place::within(self.directory.clone(), &folder)
    }

    /// A clone of what `address` (from the folder of them all) names, of the same person on the same machine.
    pub fn cloned(&self, address: &str, name: &str) -> Place {
        let all = self.directory.path();
        let mut git = Command::new("git");
        let git = git.args(["clone", "--quiet", address, name]);
        assert!(git.current_dir(all).status().unwrap().success());
        let mut variables = self.variables.clone();
        variables.remove("OCU_REPO_COMMIT_OVERRIDE");
        Place {
            directory: self.directory.clone(),
            folder: all.join(name),
            variables,
        }
    }

    fn within(directory: Rc<TempDir>, original: &str) -> Place {
        let original = Path::new(env!("CARGO_MANIFEST_DIR")).join(original);
        let place = Place {
            folder: directory.path().join(original.file_name().unwrap()),
            variables: BTreeMap::from([
                ("OCU_REPO_COMMIT_OVERRIDE".to_owned(), "commitid".to_owned()),
                ("OCUROOT_UNDER_TEST".to_owned(), PROGRAM.to_owned()),
            ]),
            directory,
        };
        copy(&original, &place.folder);
        place
    }

    /// The same, with `environments.ocu.star` released.
    pub fn with_environments(scenario: &str) -> Place {
        let place = Place::of(scenario);
        let said = place.run(&["release", "new", "environments.ocu.star"]);
        said.succeeds();
        place
    }

    /// From now on the commit is called so.
    pub fn at_commit(&mut self, commit: &str) {
        self.set("OCU_REPO_COMMIT_OVERRIDE", commit);
    }

    pub fn set(&mut self, variable: &str, value: &str) {
        self.variables.insert(variable.to_owned(), value.to_owned());
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// What the program says at the root.
    pub fn run(&self, arguments: &[&str]) -> Said {
        self.run_in("", arguments)
    }

    /// What it says in a folder.
    pub fn run_in(&self, folder: &str, arguments: &[&str]) -> Said {
        said(&mut self.command(folder, arguments))
    }

    /// What a shell says to a line that people type at the root.
    pub fn shell(&self, line: &str) -> Said {
        let mut shell = Command::new("sh");
        said(self.surround(shell.args(["-c", line]), ""))
    }

    /// Says what should be, and makes it so.
    #[track_caller]
    pub fn put(&self, reference: &str, value: &str) {
        self.run(&["state", "set", reference, value]).succeeds();
        self.run(&["state", "apply", reference]).succeeds();
    }

    /// What the program does with git at hand: a commit of everything that is there, which is no override any more.
    pub fn commit(&mut self, message: &str) {
        self.variables.remove("OCU_REPO_COMMIT_OVERRIDE");
        if !self.path(".git").exists() {
            self.git(&["init", "--quiet", "--initial-branch=main"]);
        }
        self.git(&["add", "--all"]);
        self.git(&[
            "-c",
            "user.name=tester",
            "-c",
            "user.email=tester@example.com",
            "commit",
            "--quiet",
            "--message",
            message,
        ]);
    }

    pub fn git(&self, arguments: &[&str]) {
        let mut git = Command::new("git");
        let git = git.args(arguments).current_dir(&self.folder);
        assert!(git.status().unwrap().success(), "{arguments:?}");
    }

    pub fn command(&self, folder: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        self.surround(command.args(arguments), folder);
        command
    }

    /// Has a command run in a folder, and know nothing but what is known here.
    fn surround<'command>(
        &self,
        command: &'command mut Command,
        folder: &str,
    ) -> &'command mut Command {
        command
            .current_dir(self.folder.join(folder))
            .env_clear()
            .env("PATH", std::env::var("PATH").unwrap())
            .env("HOME", self.directory.path())
            .envs(&self.variables)
            .stdin(Stdio::null())
    }

    /// A record, if there is one.
    pub fn get(&self, reference: &str) -> Option<Value> {
        let said = self.run(&["state", "get", reference]);
        match said.code {
            0 => Some(serde_json::from_str(&said.output).unwrap()),
            _ => None,
        }
    }

    #[track_caller]
    pub fn has(&self, reference: &str) {
        let said = self.run(&["state", "get", reference]);
        assert_eq!(said.code, 0, "{reference}: {}", said.errors);
    }

    #[track_caller]
    pub fn has_not(&self, reference: &str) {
        let said = self.run(&["state", "get", reference]);
        assert_eq!(said.code, 1, "{reference}: {}", said.output);
        assert!(said.errors.contains("there is no"), "{}", said.errors);
    }

    /// Whether the package is deployed to exactly these environments.
    #[track_caller]
    pub fn is_deployed(&self, file: &str, environments: &[&str]) {
        let known = ["staging", "production", "production2", "production3"];
        let is_live = |environment: &&&str| {
            self.get(&format!("{file}/@/deploy/{environment}"))
                .is_some()
        };
        let live: Vec<&str> = known.iter().filter(is_live).copied().collect();
        assert_eq!(live, environments, "{file}");
    }
}

fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    Said {
        code: output.status.code().unwrap_or(-1),
        output: String::from_utf8(output.stdout).unwrap(),
        errors: String::from_utf8(output.stderr).unwrap(),
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => {
                fs::copy(entry.path(), &target).unwrap();
            }
        }
    }
}
