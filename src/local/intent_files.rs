//! Files that say what should be, in a folder or a branch that `repo.ocu.star` names: `store.set(…, intent = …)`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use sha2::{Digest, Sha256};

use super::intent::refusals;
use super::project::git;
use super::session::{Session, WORKSPACE};
use crate::config::StoreSettings;
use crate::config::intent_file::reference_of;
use crate::model::CommitSha;
use crate::store::{Committed, Done};
use crate::worker::Draft;
use crate::worker::desired::wanted;
use crate::worker::intent_branch::{
    Adoption, Branch, Own, Read, Said, Texts, Tree, Wishes, say, wrong,
};

/// The files as they are now.
struct Files {
    /// How they are called in the record.
    name: String,
    commit: CommitSha,
    tree: Tree,
    place: Place,
}

enum Place {
    Folder(PathBuf),
    /// A bare clone.
    Clone(PathBuf),
}

impl Session {
    /// Takes over what has changed in the files that say what should be, and makes it so. Returns what could not be, in
    /// words: it is tried again the next time.
    ///
    /// # Errors
    /// When the files, or the record, cannot be read.
    pub async fn follow_intent(&self) -> anyhow::Result<Vec<String>> {
        let Some(files) = self.intent_files()? else {
            return Ok(Vec::new());
        };
        let store = &self.reader.store;
        let known = store.intent_files(self.repository.id, &files.name).await?;
        let mut followers = Vec::new();
        for id in store.repositories_of_workspace(WORKSPACE).await? {
            followers.extend(store.repository(id).await?);
        }
        let branch = Branch {
            repository: &self.repository,
            name: &files.name,
            followers: &followers,
        };
        let read = Read {
            known: &known,
            tree: &files.tree,
            own: &Own::new(),
            pusher: None,
        };
        let said = say(&branch, &read, &files.texts(&read));
        if said.is_empty() {
            return Ok(Vec::new());
        }
        self.adopt(&files, said).await
    }

    async fn adopt(&self, files: &Files, said: Vec<Said>) -> anyhow::Result<Vec<String>> {
        let mut wishes = Wishes::default();
        for said in said {
            let trigger = said.speaks_of().map(|reference| {
                let value = said.value.clone();
                wanted(&self.repository, self.actor(), reference.clone(), value)
            });
            wishes.add(said, trigger);
        }
        let Wishes { triggers, entries } = wishes;
        let adoption = Adoption {
            repository_id: self.repository.id,
            branch: files.name.clone(),
            commit: files.commit.clone(),
            entries,
            differing: Vec::new(),
        };
        let store = &self.reader.store;
        let plan = loop {
            let mut draft = Draft::of(store, &self.clock, WORKSPACE, &triggers).await?;
            let changes = adoption.changes(&draft.plan);
            draft.plan.changes.extend(changes);
            if draft.write(store, Done::Nothing, None).await? == Committed::Yes {
                break draft.plan;
            }
        };
        self.own(&plan);
        self.wake().await?;
        let mut problems = Vec::new();
        for entry in &adoption.entries {
            let path = &entry.said.path;
            match &entry.said.reference {
                Err(wrong) if wrong.line == 0 => {
                    problems.push(format!("{path}: {}", wrong.message));
                }
                Err(wrong) => problems.push(format!("{path}:{}: {}", wrong.line, wrong.message)),
                Ok(_) => {
                    let refusals = refusals(&entry.answers(&plan)).into_iter();
                    problems.extend(refusals.map(|why| format!("{path}: {why}")));
                }
            }
        }
        Ok(problems)
    }

    /// The files that say what should be; `None` if there are none.
    fn intent_files(&self) -> anyhow::Result<Option<Files>> {
        let project = &self.reader.project;
        match &project.settings.intent_store {
            None => Ok(None),
            Some(StoreSettings::Fs { path }) => in_folder(&project.root.join(path)),
            Some(StoreSettings::Git { remote_url, branch }) => {
                let digest = hex::encode(Sha256::digest(remote_url));
                let clone = project.home()?.join("intent").join(&digest[..12]);
                in_branch(&clone, &project.root, remote_url, branch.as_deref())
            }
        }
    }
}

impl Files {
    /// What is in the files that have to be read.
    fn texts(&self, read: &Read<'_>) -> Texts {
        let text = |path: &str, blob: &str| match &self.place {
            Place::Folder(folder) => std::fs::read_to_string(folder.join(path))
                .map_err(|error| wrong(format!("it cannot be read: {error}"))),
            Place::Clone(clone) => git(clone, &["cat-file", "blob", blob])
                .map_err(|error| wrong(format!("it cannot be read: {error}"))),
        };
        let files = read.to_read();
        files
            .map(|(path, blob)| (path.clone(), text(path, blob)))
            .collect()
    }
}

/// Those of a folder; one that is not there says nothing.
fn in_folder(folder: &Path) -> anyhow::Result<Option<Files>> {
    if !folder.is_dir() {
        return Ok(None);
    }
    let mut tree = Tree::new();
    let mut folders = vec![(folder.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        let entries = std::fs::read_dir(&folder);
        for entry in entries.with_context(|| format!("{} cannot be read", folder.display()))? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let (path, kind) = (format!("{prefix}{name}"), entry.file_type()?);
            if kind.is_dir() {
                folders.push((entry.path(), format!("{path}/")));
            } else if kind.is_file() && reference_of(&path).is_some() {
                let content = std::fs::read(entry.path());
                let content = content.with_context(|| format!("{path} cannot be read"))?;
                tree.insert(path, hex::encode(Sha256::digest(content)));
            }
        }
    }
    Ok(Some(Files {
        name: format!("folder {}", folder.display()),
        commit: CommitSha::named("worktree")?,
        tree,
        place: Place::Folder(folder.to_owned()),
    }))
}

/// Those of a branch as its remote has it now; one that is not there yet says nothing. `directory` is where an address
/// that is a relative path begins.
fn in_branch(
    clone: &Path,
    directory: &Path,
    address: &str,
    branch: Option<&str>,
) -> anyhow::Result<Option<Files>> {
    if !clone.join("HEAD").is_file() {
        std::fs::create_dir_all(clone)
            .with_context(|| format!("{} cannot be made", clone.display()))?;
        git(clone, &["init", "--quiet", "--bare"])?;
    }
    let wanted = branch.map_or("HEAD".to_owned(), |branch| format!("refs/heads/{branch}"));
    let listed = git(directory, &["ls-remote", "--", address, &wanted]);
    let listed = listed.with_context(|| format!("what should be is kept at {address}"))?;
    let Some((commit, _)) = listed.split_once('\t') else {
        return Ok(None);
    };
    // Git reads the address as it stands there, and the objects go to the clone.
    let folder = clone.to_string_lossy();
    let arguments = [
        "--git-dir",
        &folder,
        "fetch",
        "--quiet",
        "--no-tags",
        "--",
        address,
        &wanted,
    ];
    git(directory, &arguments).with_context(|| format!("what should be is kept at {address}"))?;
    let listed = git(clone, &["ls-tree", "-r", "-z", commit])?;
    let mut tree = Tree::new();
    for line in listed.split('\0') {
        // `<mode> blob <id>\t<path>`; 120000 is the mode of links.
        let Some((facts, path)) = line.split_once('\t') else {
            continue;
        };
        let mut facts = facts.split(' ');
        let (mode, id) = (facts.next(), facts.nth(1));
        if let Some(id) = id.filter(|_| mode != Some("120000") && reference_of(path).is_some()) {
            tree.insert(path.to_owned(), id.to_owned());
        }
    }
    Ok(Some(Files {
        name: format!("{address} {}", branch.unwrap_or("HEAD")),
        commit: commit.parse()?,
        tree,
        place: Place::Clone(clone.to_owned()),
    }))
}
