//! The actions that are built in: checkout and upload-artifact.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobSetBuilder};
use serde_json::{Map, Value};

use super::expression::interpolate_text;
use super::step::{Ending, Steps};
use super::support::action_name;
use crate::simulator::git::plain_command;
use crate::simulator::verbs::archive;

/// What an action got with `with:`.
pub(super) type Inputs = BTreeMap<String, String>;

impl Steps<'_, '_> {
    /// Carries out a `uses:`; returns what it wrote to `GITHUB_ENV` too.
    pub(super) fn uses(
        &mut self,
        uses: &str,
        step: &Value,
        shown: usize,
    ) -> Result<(Ending, BTreeMap<String, String>), String> {
        let mut inputs = Inputs::new();
        for (name, value) in step["with"].as_object().into_iter().flatten() {
            let value =
                interpolate_text(value, &self.frame.scope).map_err(|error| error.to_string())?;
            inputs.insert(name.clone(), value);
        }
        let name = action_name(uses);
        match name {
            "actions/checkout" => self
                .checkout(&inputs, shown)
                .map(|ending| (ending, BTreeMap::new())),
            "actions/upload-artifact" => self
                .upload(&inputs, shown)
                .map(|ending| (ending, BTreeMap::new())),
            _ => {
                let known = self.job.plan.machine.actions.get(name).cloned();
                let local = uses
                    .strip_prefix("./")
                    .map(|path| self.job.workspace.join(path));
                let directory = known.or(local);
                let directory = directory
                    .ok_or_else(|| format!("the simulator does not support the action `{uses}`"))?;
                self.composite(uses, &directory, inputs, shown)
            }
        }
    }

    /// A real checkout of the bare repository, at any commit it has.
    fn checkout(&mut self, inputs: &Inputs, shown: usize) -> Result<Ending, String> {
        let repository = &self.job.plan.repository;
        if inputs
            .get("repository")
            .is_some_and(|other| !other.is_empty() && !other.eq_ignore_ascii_case(repository))
        {
            return Err(
                "the simulator does not support `repository` of another repository in checkout"
                    .to_owned(),
            );
        }
        let wanted = inputs.get("ref").filter(|wanted| !wanted.is_empty());
        let wanted = wanted
            .cloned()
            .unwrap_or_else(|| self.job.base["GITHUB_SHA"].clone());
        let sha = self
            .job
            .git
            .resolve(&wanted)
            .ok_or_else(|| format!("there is no commit {wanted}"))?;
        let path = inputs.get("path").map(String::as_str).unwrap_or_default();
        let destination = inside(&self.job.workspace, path)?;
        std::fs::create_dir_all(&destination).map_err(|error| error.to_string())?;
        let bare =
            std::path::absolute(self.job.git.directory()).map_err(|error| error.to_string())?;
        let bare = bare.to_string_lossy().into_owned();
        let remote = format!("{}/{repository}.git", self.job.base["GITHUB_SERVER_URL"]);
        let branch = self.job.git.branch(&wanted).map(|_| wanted.clone());
        let checkout = match &branch {
            Some(branch) => vec!["checkout", "--quiet", "--force", "-B", branch, &sha],
            None => vec!["checkout", "--quiet", "--force", "--detach", &sha],
        };
        let commands: [&[&str]; 4] = [
            &["init", "--quiet", "."],
            &["config", "remote.origin.url", &remote],
            &["fetch", "--quiet", "--no-tags", &bare, &sha],
            &checkout,
        ];
        for arguments in commands {
            let output = plain_command()
                .args(arguments)
                .current_dir(&destination)
                .output();
            let output = output.map_err(|error| error.to_string())?;
            if !output.status.success() {
                return Err(format!(
                    "git {}: {}",
                    arguments[0],
                    String::from_utf8_lossy(&output.stderr).trim()
                ));
            }
        }
        self.job.log(shown, &format!("HEAD is now at {sha}"));
        let mut outputs = Map::new();
        outputs.insert("ref".to_owned(), wanted.into());
        outputs.insert("commit".to_owned(), sha.into());
        Ok(Ending {
            failed: false,
            outputs,
        })
    }

    fn upload(&mut self, inputs: &Inputs, shown: usize) -> Result<Ending, String> {
        let name = inputs
            .get("name")
            .filter(|name| !name.is_empty())
            .map_or("artifact", String::as_str);
        let patterns = inputs
            .get("path")
            .filter(|path| !path.trim().is_empty())
            .ok_or("upload-artifact needs `path`")?;
        let files = matching(&self.job.workspace, patterns)?;
        if files.is_empty() {
            let message = format!("No files were found with the provided path: {patterns}");
            return match inputs.get("if-no-files-found").map(String::as_str) {
                Some("error") => Err(message),
                Some("ignore") => Ok(Ending::default()),
                _ => {
                    self.job.log(shown, &format!("##[warning]{message}"));
                    Ok(Ending::default())
                }
            };
        }
        let mut contents = Vec::new();
        for (path, inner) in &files {
            contents.push((
                inner.as_str(),
                std::fs::read(path).map_err(|error| error.to_string())?,
            ));
        }
        let entries: Vec<(&str, &[u8])> = contents
            .iter()
            .map(|(inner, bytes)| (*inner, bytes.as_slice()))
            .collect();
        let archive = archive(&entries).map_err(|error| error.to_string())?;
        let plan = self.job.plan;
        let id = self
            .job
            .shared
            .lock()
            .add_artifact(&plan.repository, plan.run, name, archive);
        let id = id.map_err(|refusal| refusal.message)?;
        self.job
            .log(shown, &format!("Artifact {name} has {} files", files.len()));
        let mut outputs = Map::new();
        outputs.insert("artifact-id".to_owned(), id.to_string().into());
        Ok(Ending {
            failed: false,
            outputs,
        })
    }
}

/// A path below the workspace, and never above it.
fn inside(workspace: &Path, path: &str) -> Result<PathBuf, String> {
    let escapes = Path::new(path).components().any(|part| {
        !matches!(
            part,
            std::path::Component::Normal(_) | std::path::Component::CurDir
        )
    });
    if escapes {
        Err(format!("the path {path} is not below the workspace"))
    } else {
        Ok(workspace.join(path))
    }
}

/// Files that fit any of the lines, with their names in the archive: relative to what the lines have in common.
fn matching(workspace: &Path, patterns: &str) -> Result<Vec<(PathBuf, String)>, String> {
    let mut set = GlobSetBuilder::new();
    for line in patterns
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        let absolute = workspace.join(line.trim_end_matches('/'));
        let text = absolute.to_string_lossy().into_owned();
        for text in [text.clone(), format!("{text}/**")] {
            let glob = GlobBuilder::new(&text)
                .literal_separator(true)
                .build()
                .map_err(|error| error.to_string())?;
            set.add(glob);
        }
    }
    let set = set.build().map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    let roots: Vec<PathBuf> = patterns
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| fixed_part(&workspace.join(line)))
        .collect();
    for root in roots {
        walk(&root, &mut |path| {
            if set.is_match(path) && !found.contains(&path.to_path_buf()) {
                found.push(path.to_path_buf());
            }
        });
    }
    found.sort();
    let common = common_directory(&found);
    let inner = |path: &PathBuf| {
        path.strip_prefix(&common)
            .unwrap_or(path)
            .to_string_lossy()
            .into_owned()
    };
    Ok(found
        .iter()
        .map(|path| (path.clone(), inner(path)))
        .collect())
}

/// The part of a pattern before its first wildcard.
fn fixed_part(pattern: &Path) -> PathBuf {
    let is_fixed = |part: &std::path::Component<'_>| {
        !part
            .as_os_str()
            .to_string_lossy()
            .contains(['*', '?', '[', '{'])
    };
    pattern.components().take_while(is_fixed).collect()
}

fn walk(path: &Path, visit: &mut impl FnMut(&Path)) {
    if path.is_file() {
        visit(path);
    } else if let Ok(entries) = std::fs::read_dir(path) {
        for entry in entries
            .flatten()
            .filter(|entry| entry.file_name() != ".git")
        {
            walk(&entry.path(), visit);
        }
    }
}

fn common_directory(files: &[PathBuf]) -> PathBuf {
    let mut common = files
        .first()
        .and_then(|first| first.parent())
        .map(Path::to_path_buf)
        .unwrap_or_default();
    while files.iter().any(|file| !file.starts_with(&common)) {
        if !common.pop() {
            break;
        }
    }
    common
}
