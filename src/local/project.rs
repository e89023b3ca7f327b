//! Where a command is given: the repository, its commit, and what its `repo.ocu.star` says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use crate::config::{Evaluation, Limits, RepositorySettings, SourceTree, evaluate_repository};
use crate::model::{CommitSha, Glob, PackageName, Reference};
use crate::runner::{HostCapabilities, Output, Stop, source_tree};

/// What is at the root of every repository with releases.
pub(super) const SETTINGS_FILE: &str = "repo.ocu.star";

/// The repository around the current directory.
#[derive(Clone, Debug)]
pub struct Project {
    /// The folder that holds `repo.ocu.star`.
    pub root: PathBuf,
    /// The current directory, from the root; empty at the root.
    pub folder: String,
    /// How refs call the repository.
    pub name: String,
    /// What is checked out.
    pub commit: CommitSha,
    /// What `repo.ocu.star` says.
    pub settings: RepositorySettings,
    /// The process's environment.
    pub variables: BTreeMap<String, String>,
}

impl Project {
    /// Looks from `directory` upward, and evaluates `repo.ocu.star` with this machine at its disposal.
    ///
    /// # Errors
    /// When there is no `repo.ocu.star`, it has errors, or an override is no name.
    pub fn find(directory: &Path, variables: BTreeMap<String, String>) -> anyhow::Result<Project> {
        let directory = directory
            .canonicalize()
            .with_context(|| format!("{} cannot be opened", directory.display()))?;
        let mut ancestors = directory.ancestors();
        let Some(root) = ancestors.find(|folder| folder.join(SETTINGS_FILE).is_file()) else {
            bail!(
                "there is no {SETTINGS_FILE} in {} or above it. Go to your repository, or make one: \
                 `ocuroot init`",
                directory.display()
            );
        };
        let folder = directory.strip_prefix(root).unwrap_or(Path::new(""));
        let mut settings = settings(root, &variables)?;
        for (variable, list) in [
            ("OCU_CFG_repo_remotes", &mut settings.remotes),
            ("OCU_CFG_release_ignore", &mut settings.release_ignore),
        ] {
            if let Some(text) = variables.get(variable) {
                *list = listed(text).with_context(|| variable.to_owned())?;
            }
        }
        let alias = variables.get("OCU_CFG_repo_alias").cloned();
        let name = alias
            .filter(|alias| !alias.is_empty())
            .or_else(|| settings.alias.clone())
            .unwrap_or_else(|| repository_name(root, &variables));
        if name.starts_with('/') || name.contains("/-") || name.contains(['@', '#']) {
            bail!(
                "the repository would be called `{name}` in refs, which cannot be told apart from their other parts. \
                 Name it in {SETTINGS_FILE}: repo_alias(\"<name>\")"
            );
        }
        let commit = match variables.get("OCU_REPO_COMMIT_OVERRIDE") {
            Some(commit) => CommitSha::named(commit).context("OCU_REPO_COMMIT_OVERRIDE")?,
            None => head(root)?,
        };
        Ok(Project {
            root: root.to_owned(),
            folder: folder.to_string_lossy().into_owned(),
            name,
            commit,
            settings,
            variables,
        })
    }

    /// Where Ocuroot keeps what belongs to no repository: `OCUROOT_HOME`, else `~/.ocuroot`.
    ///
    /// # Errors
    /// When neither that nor `HOME` is set.
    pub fn home(&self) -> anyhow::Result<PathBuf> {
        let home = self.variables.get("OCUROOT_HOME").map(PathBuf::from);
        let default = || Some(PathBuf::from(self.variables.get("HOME")?).join(".ocuroot"));
        home.or_else(default)
            .context("neither OCUROOT_HOME nor HOME is set: there is no place to keep checkouts")
    }

    /// The config files that are there now, committed or not, `entry` among them whatever it is called.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn sources(root: &Path, entry: &str) -> anyhow::Result<SourceTree> {
        let mut tree = source_tree(root)?;
        if tree.get(entry).is_none() {
            let path = root.join(entry);
            let text = std::fs::read_to_string(&path);
            let text = text.with_context(|| format!("{entry} cannot be read"))?;
            tree.insert(entry, text);
        }
        Ok(tree)
    }

    /// A ref as it is written on the command line, made absolute.
    ///
    /// # Errors
    /// When it is none.
    pub fn reference(&self, text: &str) -> anyhow::Result<Reference> {
        Ok(Reference::typed_in(text, &self.name, &self.folder)?)
    }

    /// A glob as it is written on the command line: of whole refs, or from the current directory as refs are.
    ///
    /// # Errors
    /// When it is none.
    pub fn glob(&self, text: &str) -> anyhow::Result<Glob> {
        let text = renewed(text);
        let own = |path: &str| format!("{}/-/{path}", Glob::escaped(&self.name));
        let here = |path: &str| match self.folder.as_str() {
            "" => own(path),
            folder => own(&format!("{}/{path}", Glob::escaped(folder))),
        };
        let at_root = text
            .strip_prefix("./-/")
            .or_else(|| text.strip_prefix("//"));
        if let Some(path) = at_root {
            return Ok(own(path).parse()?);
        }
        if let Some(path) = text.strip_prefix("./") {
            return Ok(here(path).parse()?);
        }
        let is_whole =
            text.starts_with(['@', '{']) || text.starts_with("**") || text.contains("/-/");
        Ok(match is_whole {
            true => text.parse()?,
            // It may be the beginning of whole refs as well.
            false => format!("{{{text},{}}}", here(&text)).parse()?,
        })
    }

    /// The package that is meant on the command line: by its file, or by the folder of its only file.
    ///
    /// # Errors
    /// When it is neither.
    pub fn package(&self, text: &str) -> anyhow::Result<PackageName> {
        let reference = self.reference(text)?;
        self.package_of(&reference, text)
    }

    /// The package of a ref that was written as `text`.
    ///
    /// # Errors
    /// Like [`Project::package`].
    pub fn package_of(&self, reference: &Reference, text: &str) -> anyhow::Result<PackageName> {
        super::release::package_of(reference, &self.root, text)
    }

    /// Where the repository is on the network, without scheme and `.git`: `github.com/acme/shop`; whatever refs call it.
    pub fn address(&self) -> Option<String> {
        address(&self.root, &self.variables)
    }

    /// Whether a file differs from the commit that is checked out.
    pub fn is_changed(&self, path: &str) -> bool {
        let arguments = ["status", "--porcelain", "--", path];
        git(&self.root, &arguments).is_ok_and(|listed| !listed.is_empty())
    }

    /// Where the repository can be cloned from: what `remotes([…])` says, else the addresses git knows.
    pub(super) fn remotes(&self) -> Vec<Value> {
        let remote = |name: &str, fetch: &str, push: &str| json!({ "Name": name, "URL": fetch, "PushURL": push });
        if !self.settings.remotes.is_empty() {
            let said = self.settings.remotes.iter();
            return said.map(|url| remote("", url, url)).collect();
        }
        let names = git(&self.root, &["remote"]).unwrap_or_default();
        let address = |name: &str| {
            let fetch = git(&self.root, &["remote", "get-url", name]).ok()?;
            let push = git(&self.root, &["remote", "get-url", "--push", name]).ok()?;
            Some(remote(name, &fetch, &push))
        };
        names.lines().filter_map(address).collect()
    }

    /// The commits from `start` (itself included) to `end`.
    ///
    /// # Errors
    /// When git does not know them.
    pub fn commits(&self, start: &str, end: &str) -> anyhow::Result<BTreeSet<CommitSha>> {
        let commit = |name: &str| {
            git(
                &self.root,
                &["rev-parse", "--verify", &format!("{name}^{{commit}}")],
            )
        };
        let (start, end) = (commit(start)?, commit(end)?);
        let between = git(&self.root, &["rev-list", &format!("{start}..{end}")])?;
        let lines = between.lines().chain([start.as_str()]);
        Ok(lines.filter_map(|line| line.parse().ok()).collect())
    }
}

/// A list as a variable has it: in JSON, or one part after the other with commas between them.
fn listed(text: &str) -> anyhow::Result<Vec<String>> {
    if text.trim_start().starts_with('[') {
        return Ok(serde_json::from_str(text)?);
    }
    let parts = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    Ok(parts.map(str::to_owned).collect())
}

/// A glob in the form of old, in that of today: `+` for `@`, `call` for `task`.
fn renewed(text: &str) -> String {
    let mut text = match text.strip_prefix('+') {
        Some(rest) => format!("@{rest}"),
        None => text.to_owned(),
    };
    if !text.contains("/@") {
        text = text.replacen("/+", "/@", 1);
    }
    match text.split_once("/@") {
        Some((place, record)) => format!("{place}/@{}", record.replacen("/call/", "/task/", 1)),
        None => text,
    }
}

/// What the file prints goes to standard error, as it is evaluated for its settings.
struct Aside;

impl Output for Aside {
    fn line(&self, line: &str) {
        eprintln!("{SETTINGS_FILE}: {line}");
    }

    fn hide(&self, _: &str) {}
}

fn settings(
    root: &Path,
    variables: &BTreeMap<String, String>,
) -> anyhow::Result<RepositorySettings> {
    let tree = Project::sources(root, SETTINGS_FILE)?;
    let host = HostCapabilities::new(root, variables.clone(), Stop::new(), Box::new(Aside))?;
    let evaluate = move || evaluate_repository(&tree, &host, &Limits::default());
    let evaluation: Evaluation = super::evaluate::on_big_stack(evaluate)?;
    for diagnostic in &evaluation.diagnostics {
        eprintln!("{diagnostic}");
    }
    evaluation
        .repository
        .with_context(|| format!("{SETTINGS_FILE} has errors, see above"))
}

/// `OCU_REPO_URL_OVERRIDE` or the address of `origin`, normalised; else the folder's name.
fn repository_name(root: &Path, variables: &BTreeMap<String, String>) -> String {
    let name = address(root, variables);
    let folder = || {
        root.file_name()
            .map(|name| name.to_string_lossy().into_owned())
    };
    name.or_else(folder)
        .unwrap_or_else(|| "repository".to_owned())
}

/// `OCU_REPO_URL_OVERRIDE` or the address of `origin`, normalised.
fn address(root: &Path, variables: &BTreeMap<String, String>) -> Option<String> {
    let url = variables.get("OCU_REPO_URL_OVERRIDE").cloned();
    let url = url.or_else(|| git(root, &["remote", "get-url", "origin"]).ok());
    url.map(|url| normalised(&url)).filter(|name| {
        // A folder on this machine is an address that means nothing elsewhere.
        !name.is_empty() && !name.starts_with(['/', '.'])
    })
}

/// `git@github.com:o/r.git` and `https://user@github.com/o/r.git` → `github.com/o/r`.
pub(super) fn normalised(url: &str) -> String {
    let url = url.trim().trim_end_matches('/');
    let url = url.strip_suffix(".git").unwrap_or(url);
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, url),
    };
    let host_end = rest.find('/').unwrap_or(rest.len());
    let rest = match rest[..host_end].rfind('@') {
        Some(at) => &rest[at + 1..],
        None => rest,
    };
    match (scheme, rest.split_once(':')) {
        (None, Some((host, path))) => format!("{host}/{}", path.trim_start_matches('/')),
        (Some("file"), _) => String::new(),
        _ => rest.to_owned(),
    }
}

/// The commit that is checked out; `null` before the first one.
fn head(root: &Path) -> anyhow::Result<CommitSha> {
    match git(root, &["rev-parse", "--verify", "HEAD"]) {
        Ok(commit) => Ok(CommitSha::named(&commit)?),
        Err(_) => Ok(CommitSha::named("null")?),
    }
}

/// What a git command says, without the line's end.
pub(super) fn git(directory: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(directory)
        .output()
        .context("git cannot be started")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::normalised;

    #[test]
    fn one_repository_has_one_name_however_it_is_addressed() {
        for url in [
            "git@github.com:acme/shop.git",
            "https://github.com/acme/shop.git",
            "https://x:y@github.com/acme/shop",
            "ssh://git@github.com/acme/shop.git",
            "https://github.com/acme/shop/",
        ] {
            assert_eq!(normalised(url), "github.com/acme/shop", "{url}");
        }
        assert_eq!(normalised("ssh://git@host:22/o/r"), "host:22/o/r");
        assert_eq!(normalised("file:///srv/repo.git"), "");
    }
}
