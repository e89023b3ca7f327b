//! `ocuroot repl`: a command, or what comes through a pipe, with the names of a file.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_ocuroot");

const FILE: &str = r#"
load("./lib/tools.star", "shout")
ocuroot("0.3.x")
GLOBAL_VAR = "a global"
_hidden = 5
def fn(word, times=1):
    """Says a word."""
    return shout(word) * times
def build(count):
    host.shell("echo from a shell")
    return done(outputs={"count": count + 1, "text": read("data.txt")}, tags=["v1"])
def first():
    return next(second, inputs={"count": 5, "approval": ref("./custom/approval")})
def second(count, approval): return done()
def hides():
    print("it is " + secret("abc123"))
    return "abc123"
phase("build", tasks=[task(build, name="build", inputs={"count": 1})])
"#;

fn repository() -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for (path, text) in [
        // The state is declared by a global only: it need not exist.
        ("repo.ocu.star", "state_store = store.fs('./.store')\n"),
        (
            "environments.ocu.star",
            "register_environment(environment('staging', {'type': 'x'}))\n",
        ),
        ("sub/test.ocu.star", FILE),
        (
            "sub/lib/tools.star",
            "def shout(word): return word.upper()\n",
        ),
        ("sub/data.txt", "DATA"),
        ("sub/broken.ocu.star", "x = nope\n"),
    ] {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    directory
}

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .arg("repl")
        .args(arguments)
        .current_dir(directory)
        .env("OCUROOT_HOME", directory.join("home"));
    command
}

/// Exit code and standard output of one command with the file.
fn run(text: &str) -> (Option<i32>, String) {
    let repository = repository();
    let folder = repository.path().join("sub");
    let output = command(&folder, &["test.ocu.star", "-c", text]).output();
    let output = output.expect("it runs");
    let stdout = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(!repository.path().join(".store").exists());
    (output.status.code(), stdout)
}

fn piped(directory: &Path, arguments: &[&str], text: &str) -> Output {
    let mut child = command(directory, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut input = child.stdin.take().expect("standard input");
    input.write_all(text.as_bytes()).expect("it reads");
    drop(input);
    child.wait_with_output().expect("it ends")
}

#[test]
fn a_command_sees_the_names_of_the_file() {
    assert_eq!(
        run("fn(\"hello\")"),
        (
            Some(0),
            "Loading file test.ocu.star\nFile loaded successfully\nExecuting: fn(\"hello\")\nResult:\n\"HELLO\"\n"
                .to_owned()
        )
    );
    let (code, text) = run("print(GLOBAL_VAR)");
    assert_eq!(code, Some(0));
    assert!(
        text.ends_with("Executing: print(GLOBAL_VAR)\na global\nCommand executed successfully\n"),
        "{text}"
    );
    for (command, value) in [
        ("shout('x')", "\"X\""),
        ("_hidden", "5"),
        ("[e.name for e in environments()]", "[\"staging\"]"),
    ] {
        let (code, text) = run(command);
        assert_eq!(code, Some(0), "{text}");
        assert!(text.ends_with(&format!("Result:\n{value}\n")), "{text}");
    }
}

#[test]
fn functions_of_tasks_run_on_this_machine_and_their_end_is_shown_as_a_tree() {
    let (code, text) = run("build(count=1)");
    assert_eq!(code, Some(0), "{text}");
    let end = "from a shell\nResult:\ndone\n├─ outputs\n│  ├─ count: 2\n│  └─ text: \"DATA\"\n└─ tags\n   └─ v1\n";
    assert!(text.ends_with(end), "{text}");
    let (_, text) = run("first()");
    let end = "next: sub/test.ocu.star:second\n├─ approval: ./custom/approval\n└─ count: 5\n";
    assert!(text.ends_with(end), "{text}");
    let (_, text) =
        run("struct(a=[\"long enough \" * 5, 1], b={\"key\": None}, c=\"another long text\" * 2)");
    let long = "long enough ".repeat(5);
    let tree = format!(
        "struct of 3\n├─ a: [\"{long}\", 1]\n├─ b: {{\"key\": None}}\n└─ c: \"another long textanother long text\"\n"
    );
    assert!(text.ends_with(&tree), "{text}");
}

#[test]
fn secrets_are_not_shown() {
    let (code, text) = run("hides()");
    assert_eq!(code, Some(0));
    assert!(!text.contains("abc123"), "{text}");
    assert!(
        text.ends_with("it is <secret>\nResult:\n\"<secret>\"\n"),
        "{text}"
    );
}

#[test]
fn what_is_wrong_is_said_and_fails() {
    let repository = repository();
    let folder = repository.path().join("sub");
    for (arguments, problem) in [
        (
            vec!["test.ocu.star", "-c", "fn()"],
            "input:1:1: Missing parameter `word`",
        ),
        (vec!["test.ocu.star", "-c", "1 +"], "input:1:4"),
        (
            vec!["broken.ocu.star", "-c", "1"],
            "sub/broken.ocu.star:1:5",
        ),
        (vec!["missing.ocu.star", "-c", "1"], "cannot be opened"),
        (
            vec!["test.ocu.star", "-c", "task(build, 'x')"],
            "task works at the top level of a file",
        ),
    ] {
        let output = command(&folder, &arguments).output().expect("it runs");
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(text.contains(problem), "{arguments:?}: {text}");
    }
}

#[test]
fn inputs_build_on_each_other_without_a_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let text = "x = 20\ndef double(y):\n  return y * 2\n\ndouble(\n  x,\n)\n_ + 2\nfor i in [1]: print('i', i)\n";
    let output = piped(directory.path(), &[], text);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "40\n42\ni 1\n");
    assert_eq!(output.status.code(), Some(0));
    let output = piped(directory.path(), &[], "nope\n1 + 1\n");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "2\n");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn help_lists_names_and_describes_one() {
    let (code, text) = run("help()");
    assert_eq!(code, Some(0), "{text}");
    for name in [
        "GLOBAL_VAR",
        "shout",
        "deploy",
        "host",
        "http",
        "json",
        "register_environment",
    ] {
        assert!(text.contains(name), "{name}: {text}");
    }
    for (about, words) in [
        ("deploy", "def deploy(environment=None, up=None"),
        ("host.shell", "Runs a command in the folder"),
        ("'http'", "get=_without_body"),
        ("'http.get'", "def http.get(url, headers=None)"),
        ("http.get", "def http.get(url, headers=None)"),
        ("json.decode", "The value of a JSON text"),
        ("fn", "Says a word."),
    ] {
        let (code, text) = run(&format!("help({about})"));
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains(words), "{about}: {text}");
    }
}
