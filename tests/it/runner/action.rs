//! The script of `action.yml`, run by a real shell with a `curl` that reads from a folder.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

const ACTION: &str = include_str!("../../../action.yml");
const PROGRAM: &str = "#!/bin/sh\necho \"$@\"\n";

/// Runs the script. `has_program`: `ocuroot` is on the `PATH`.
fn run(directory: &Path, has_program: bool) -> Output {
    let document: Value = serde_saphyr::from_str(ACTION).expect("YAML");
    let script = document["runs"]["steps"][0]["run"]
        .as_str()
        .expect("a script")
        .to_owned();
    let programs = directory.join("programs");
    fs::create_dir_all(&programs).expect("a folder");
    executable(
        &programs.join("curl"),
        "#!/bin/sh\nfor last; do\n  [ \"$previous\" = --output ] && output=\"$last\"\n  previous=\"$last\"\ndone\necho \"$last\" >> \"$ASSETS/asked\"\nexec cp \"$ASSETS/${last##*/}\" \"$output\"\n",
    );
    if has_program {
        executable(&programs.join("ocuroot"), PROGRAM);
    }
    let path = format!("{}:/usr/bin:/bin", programs.display());
    Command::new("bash")
        .args([
            "--noprofile",
            "--norc",
            "-e",
            "-o",
            "pipefail",
            "-c",
            &script,
        ])
        .env_clear()
        .env("PATH", path)
        .env("ASSETS", directory)
        .env("RUNNER_TEMP", directory)
        .env("RUNNER_OS", "Linux")
        .env("RUNNER_ARCH", "ARM64")
        .env("OCUROOT_ACTION_PATH", env!("CARGO_MANIFEST_DIR"))
        .env("OCUROOT_SERVER", "https://ocuroot.example/$(echo no)")
        .env("OCUROOT_RUN", "41")
        .env("OCUROOT_FENCE", "7")
        .output()
        .expect("bash runs")
}

fn executable(path: &Path, text: &str) {
    fs::write(path, text).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("permissions");
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

const EXPECTED: &str = "run --server https://ocuroot.example/$(echo no) --run 41 --fence 7\n";

#[test]
fn a_program_on_the_path_is_used() {
    let directory = TempDir::new().expect("a directory");
    let output = run(directory.path(), true);
    assert!(output.status.success());
    assert_eq!(said(&output), EXPECTED);
    assert!(!directory.path().join("asked").exists());
}

#[test]
fn the_programs_own_version_is_fetched_and_checked() {
    let directory = TempDir::new().expect("a directory");
    fs::write(directory.path().join("ocuroot-linux-arm64"), PROGRAM).expect("a file");
    let sum = format!(
        "{}  ocuroot-linux-arm64\n",
        hex::encode(Sha256::digest(PROGRAM))
    );
    fs::write(directory.path().join("ocuroot-linux-arm64.sha256"), sum).expect("a file");
    let output = run(directory.path(), false);
    assert_eq!(said(&output), EXPECTED);
    let asked = fs::read_to_string(directory.path().join("asked")).expect("it was asked");
    let address = format!(
        "https://github.com/ocuroot/ocuroot/releases/download/v{}/ocuroot-linux-arm64",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(asked, format!("{address}\n{address}.sha256\n"));
}

#[test]
fn a_damaged_or_missing_program_is_not_run() {
    let directory = TempDir::new().expect("a directory");
    let output = run(directory.path(), false);
    assert!(!output.status.success());
    assert!(
        said(&output).contains("::error title=ocuroot::There is no Ocuroot"),
        "{}",
        said(&output)
    );
    fs::write(directory.path().join("ocuroot-linux-arm64"), PROGRAM).expect("a file");
    for sum in [format!("{}  x\n", "0".repeat(64)), String::new()] {
        fs::write(directory.path().join("ocuroot-linux-arm64.sha256"), sum).expect("a file");
        let output = run(directory.path(), false);
        assert!(!output.status.success());
        assert!(said(&output).contains("is damaged"), "{}", said(&output));
        assert!(!said(&output).contains("--server"));
    }
}
