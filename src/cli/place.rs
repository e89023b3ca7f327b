//! A config file where it lies: in a repository, among the others.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::config::{Denied, Evaluation, Limits, Session, SourceTree, evaluate};
use crate::local::{Project, Reader};
use crate::model::Environment;
use crate::runner::source_tree;

/// Deep but legal files need more stack than a thread usually has.
const STACK_BYTES: usize = 64 << 20;

/// What marks the root of a repository, the surest first.
const ROOT_MARKS: [&str; 2] = ["repo.ocu.star", ".git"];

/// A folder's config files, and one of them.
pub(super) struct Place {
    /// The repository's root.
    pub(super) root: PathBuf,
    /// Its config files.
    pub(super) tree: SourceTree,
    /// The file, from the root.
    pub(super) file: String,
}

impl Place {
    /// Looks for the repository around `file`, whatever the file's name ends in.
    ///
    /// # Errors
    /// When the file or its repository's config files cannot be read.
    pub(super) fn of(file: &Path) -> anyhow::Result<Place> {
        let path = file
            .canonicalize()
            .with_context(|| format!("{} cannot be opened", file.display()))?;
        let Some(folder) = path.parent().filter(|_| path.is_file()) else {
            bail!("{} is no file", file.display());
        };
        let root = root_of(folder).to_owned();
        let mut tree = source_tree(&root)?;
        let name = path.strip_prefix(&root)?.to_string_lossy().into_owned();
        if tree.get(&name).is_none() {
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("{} cannot be read", file.display()))?;
            tree.insert(name.as_str(), text);
        }
        Ok(Place {
            root,
            tree,
            file: name,
        })
    }

    /// What the file declares.
    pub(super) fn evaluate(&self) -> Evaluation {
        evaluate(
            &self.tree,
            &self.file,
            &environments(&self.root, &self.tree),
            &Limits::default(),
        )
    }
}

/// The root of the repository that holds a folder, else the folder itself.
pub(super) fn root_of(folder: &Path) -> &Path {
    let marked = |mark: &&str| folder.ancestors().find(|above| above.join(mark).exists());
    ROOT_MARKS.iter().find_map(marked).unwrap_or(folder)
}

/// The environments that are recorded on this machine, and those that the config files below `root` register besides.
/// Files with errors register none.
pub(super) fn environments(root: &Path, tree: &SourceTree) -> Vec<Environment> {
    let limits = Limits::default();
    let session = Session::planning(tree, &[], &Denied, &limits);
    let files = tree.paths().filter(|path| path.ends_with(".ocu.star"));
    let mut found = recorded(root).unwrap_or_else(|problem| {
        eprintln!("the environments of the state are left out: {problem:#}");
        Vec::new()
    });
    for environment in files.flat_map(|file| session.evaluate(file).environments) {
        if !found.iter().any(|known| known.name == environment.name) {
            found.push(environment);
        }
    }
    found
}

/// Those of the state that the repository names, if there is one.
fn recorded(root: &Path) -> anyhow::Result<Vec<Environment>> {
    if !root.join(ROOT_MARKS[0]).is_file() {
        return Ok(Vec::new());
    }
    let project = Project::find(root, std::env::vars().collect())?;
    if project.settings.state_store.is_none() {
        return Ok(Vec::new());
    }
    let runtime = tokio::runtime::Runtime::new().context("the async runtime cannot start")?;
    runtime.block_on(async {
        match Reader::find(project).await? {
            Some(reader) => reader.environments().await,
            None => Ok(Vec::new()),
        }
    })
}

/// Does what evaluates files where there is room for deep ones.
///
/// # Errors
/// Those of `call`, and when a thread cannot be started.
pub(super) fn with_deep_stack<R: Send>(
    call: impl FnOnce() -> anyhow::Result<R> + Send,
) -> anyhow::Result<R> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("evaluation".to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, call)
            .context("a thread cannot be started")?;
        let ended = thread.join();
        ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
