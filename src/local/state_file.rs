//! The file that holds the state, and who may execute what is in it.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};

use super::project::{Project, normalised};
use crate::config::StoreSettings;
use crate::store::Store;

/// Set for commands of runs, so that one that would execute on the same state is told so instead of waiting for itself:
/// the states that are executed on above, one a line.
pub(super) const HELD: &str = "OCUROOT_HELD_STATE";

/// Where a project's state is.
#[derive(Clone, Debug)]
pub struct StateFile {
    path: PathBuf,
}

/// The right to execute what is in a state file, until it is dropped or the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Leaves a note of who holds it. Only for people: whoever holds the lock is who the system says.
    fn noted(mut file: File, command: &str) -> anyhow::Result<Lock> {
        let note = format!("process {} (`ocuroot {command}`)\n", std::process::id());
        file.set_len(0)?;
        file.write_all(note.as_bytes())?;
        Ok(Lock { _file: file })
    }
}

impl StateFile {
    /// The file that the project's `repo.ocu.star` names.
    ///
    /// # Errors
    /// When it names none.
    pub fn of(project: &Project) -> anyhow::Result<StateFile> {
        let folder = match &project.settings.state_store {
            Some(StoreSettings::Fs { path }) => project.root.join(path),
            Some(StoreSettings::Git { remote_url, branch }) => {
                let branch = branch.as_deref().unwrap_or("HEAD");
                let remote = one_address(remote_url, &project.root);
                let digest = Sha256::digest(format!("{remote}\n{branch}"));
                let name = format!("{}-{}", readable(branch), &hex::encode(digest)[..12]);
                project.home()?.join("state").join(name)
            }
            None => bail!(
                "repo.ocu.star does not say where the state is kept. Add a line such as\n\n    \
                 store.set(store.fs(\".ocuroot\"))\n\nand keep that folder out of git (.gitignore)"
            ),
        };
        let path = folder.join("ocuroot.db");
        Ok(StateFile { path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes this process the only one that executes, until the lock is dropped; waits for another one that is, and
    /// gives its name to `tell`.
    ///
    /// # Errors
    /// When a run has started this command: the one that executes the run would be waited for in vain.
    pub fn lock(
        &self,
        project: &Project,
        command: &str,
        tell: impl Fn(&str),
    ) -> anyhow::Result<Lock> {
        if self.is_held_above(project) {
            bail!(
                "this command was started by a run, and the command that executes the run has {} to itself. \
                 Hand values over as outputs instead: done(outputs = {{…}})",
                self.path.display()
            );
        }
        let (file, path) = self.lock_file()?;
        let locked = match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                tell(&format!(
                    "waiting for {}, which has {} to itself",
                    holder(&path),
                    self.path.display()
                ));
                file.lock()
            }
            Err(TryLockError::Error(error)) => Err(error),
            Ok(()) => Ok(()),
        };
        locked.with_context(|| format!("{} cannot be locked", path.display()))?;
        Lock::noted(file, command)
    }

    /// The same without waiting; `None` when another process executes.
    ///
    /// # Errors
    /// When the file cannot be locked.
    pub fn try_lock(&self, project: &Project, command: &str) -> anyhow::Result<Option<Lock>> {
        if self.is_held_above(project) {
            return Ok(None);
        }
        let (file, path) = self.lock_file()?;
        match file.try_lock() {
            Ok(()) => Lock::noted(file, command).map(Some),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("{} cannot be locked", path.display()))
            }
        }
    }

    /// Whether the command that has started this one, through a run, executes on this state.
    fn is_held_above(&self, project: &Project) -> bool {
        let held = project.variables.get(HELD).map_or("", String::as_str);
        held.lines().any(|path| Path::new(path) == self.path)
    }

    /// The variable for commands of runs: the states that are executed on above them, this one among them.
    pub(super) fn held_below(&self, variables: &BTreeMap<String, String>) -> String {
        let above = variables.get(HELD).map_or("", String::as_str);
        format!("{above}\n{}", self.path.display())
    }

    fn lock_file(&self) -> anyhow::Result<(File, PathBuf)> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)
            .with_context(|| format!("the folder of the state, {}", folder.display()))?;
        let path = self.path.with_extension("lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .read(true)
            .open(&path)
            .with_context(|| format!("{} cannot be opened", path.display()))?;
        Ok((file, path))
    }

    /// Opens the state to read and write, and makes it if it is not there yet.
    ///
    /// # Errors
    /// When the file cannot be written, or a newer version of Ocuroot has written it.
    pub async fn open(&self) -> anyhow::Result<Store> {
        let store = Store::open(&self.url()).await;
        store.with_context(|| format!("the state in {}", self.path.display()))
    }

    /// Opens the state to read only; `None` when nothing has been recorded yet.
    ///
    /// # Errors
    /// When the file is not one of this version.
    pub async fn open_read_only(&self) -> anyhow::Result<Option<Store>> {
        if !self.path.is_file() {
            return Ok(None);
        }
        let store = Store::open_read_only(&self.url()).await;
        let store = store.with_context(|| format!("the state in {}", self.path.display()))?;
        Ok(Some(store))
    }

    /// Whether the state has been made, by this version.
    pub async fn is_there(&self) -> bool {
        match self.open_read_only().await {
            Ok(Some(store)) => {
                store.close().await;
                true
            }
            Ok(None) | Err(_) => false,
        }
    }

    fn url(&self) -> String {
        format!("sqlite://{}", self.path.display())
    }
}

/// The same text for one remote, however a clone addresses it, and whether or not it can be reached.
fn one_address(url: &str, root: &Path) -> String {
    let url = url.trim();
    let path = match url.strip_prefix("file://") {
        None if !url.starts_with(['/', '.']) => return normalised(url),
        path => path.unwrap_or(url),
    };
    let mut folders: Vec<Component<'_>> = Vec::new();
    let whole = root.join(path);
    for component in whole.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(folders.pop()),
            folder => folders.push(folder),
        }
    }
    folders
        .iter()
        .collect::<PathBuf>()
        .to_string_lossy()
        .into_owned()
}

/// Who holds the lock of this file, by what it left there.
fn holder(path: &Path) -> String {
    let note = fs::read_to_string(path).unwrap_or_default();
    match note.trim() {
        "" => "another process".to_owned(),
        note => note.to_owned(),
    }
}

/// `name` with what folders may not be called replaced.
fn readable(name: &str) -> String {
    let keep = |letter: char| match letter.is_ascii_alphanumeric() || "._-".contains(letter) {
        true => letter,
        false => '-',
    };
    name.chars().map(keep).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::one_address;

    #[test]
    fn clones_that_address_a_remote_differently_share_its_state() {
        let here = |url| one_address(url, Path::new("/home/me/clone"));
        assert_eq!(
            here("git@github.com:acme/shop.git"),
            here("https://github.com/acme/shop")
        );
        assert_eq!(here("file:///srv/x/../shop.git"), "/srv/shop.git");
        assert_eq!(here("../shop.git/"), "/home/me/shop.git");
    }
}
