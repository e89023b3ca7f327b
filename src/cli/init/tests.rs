//! What `ocuroot init` writes, keeps and says.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{Arguments, initialise};

fn repository() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let status = Command::new("git")
        .args(["init", "--quiet"])
        .current_dir(directory.path())
        .status();
    assert!(status.expect("git runs").success());
    directory
}

fn init(directory: &Path, force: bool) -> Result<(String, bool), String> {
    let arguments = Arguments {
        directory: directory.to_owned(),
        force,
    };
    let mut out = Vec::new();
    let is_usable = initialise(&arguments, &mut out).map_err(|error| format!("{error:#}"))?;
    Ok((String::from_utf8(out).expect("text"), is_usable))
}

#[test]
fn the_files_are_written_and_make_a_release() {
    let directory = repository();
    let (said, is_usable) = init(directory.path(), false).expect("it works");
    assert!(is_usable, "{said}");
    insta::assert_snapshot!(said);
}

#[test]
fn a_second_time_nothing_is_touched() {
    let directory = repository();
    init(directory.path(), false).expect("it works");
    let own = "ocuroot(\"0.3.x\")\ndef f(): return done()\ntask(f, \"mine\")\n";
    let release = directory.path().join("release.ocu.star");
    fs::write(&release, own).expect("written");
    let (said, _) = init(directory.path(), false).expect("it works");
    assert!(!said.contains("wrote"), "{said}");
    assert!(said.contains("  1. task/mine\n"), "{said}");
    assert!(!said.contains("git commit"), "{said}");
    assert_eq!(fs::read_to_string(&release).expect("the file"), own);
}

#[test]
fn only_the_workflow_is_replaced_by_force() {
    let directory = repository();
    init(directory.path(), false).expect("it works");
    let workflow = directory.path().join(".github/workflows/ocuroot.yml");
    let repo = directory.path().join("repo.ocu.star");
    fs::write(&workflow, "old").expect("written");
    fs::write(&repo, "# mine\n").expect("written");
    let (said, _) = init(directory.path(), false).expect("it works");
    assert!(said.contains("ocuroot.yml (it differs"), "{said}");
    assert_eq!(fs::read_to_string(&workflow).expect("the file"), "old");
    let (said, _) = init(directory.path(), true).expect("it works");
    assert!(
        said.contains("wrote .github/workflows/ocuroot.yml"),
        "{said}"
    );
    assert!(said.contains("kept  repo.ocu.star"), "{said}");
    assert!(fs::read_to_string(&workflow).expect("the file").len() > 100);
    assert_eq!(fs::read_to_string(&repo).expect("the file"), "# mine\n");
}

#[test]
fn a_mistake_in_a_file_that_was_there_is_shown() {
    let directory = repository();
    fs::write(directory.path().join("release.ocu.star"), "task(1)\n").expect("written");
    let (said, is_usable) = init(directory.path(), false).expect("it works");
    assert!(!is_usable);
    assert!(said.contains("release.ocu.star:1:"), "{said}");
    assert!(!said.contains("Next:"), "{said}");
}

#[test]
fn it_refuses_what_is_no_root_of_a_repository() {
    let outside = tempfile::tempdir().expect("a directory");
    let problem = init(outside.path(), false).expect_err("no repository");
    assert!(problem.contains("not a git repository"), "{problem}");
    let directory = repository();
    let inner = directory.path().join("inner");
    fs::create_dir(&inner).expect("a folder");
    let problem = init(&inner, false).expect_err("not the root");
    assert!(problem.contains("run `ocuroot init /"), "{problem}");
    assert_eq!(fs::read_dir(&inner).expect("a folder").count(), 0);
}
