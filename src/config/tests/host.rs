//! The outside: refused, granted, or answered from the tree.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::{ENTRY, called, called_in, outputs, tree};
use crate::config::{
    Capabilities, HostError, HttpRequest, HttpResponse, Limits, ShellCommand, ShellResult,
    SourceTree, invoke,
};
use crate::model::{FunctionName, Invocation};

#[test]
fn every_host_call_ends_the_attempt_on_the_server() {
    for (call, capability) in [
        ("os()", "host.os"),
        ("arch()", "host.arch"),
        ("env()", "host.env"),
        ("pwd()", "host.pwd"),
        ("host.pwd()", "host.pwd"),
        ("shell('false', continue_on_error=True)", "host.shell"),
        ("host.shell('ls')", "host.shell"),
        ("read('missing')", "host.read_file"),
        ("host.read_file('missing')", "host.read_file"),
        ("write('a', 'b')", "host.write_file"),
        ("host.write_file('a', 'b')", "host.write_file"),
        ("read_dir('.')", "host.read_dir"),
        ("is_dir('missing')", "host.is_dir"),
        ("http.get('https://x')", "http.get"),
        ("http.post('https://x', body='b')", "http.post"),
    ] {
        let text = format!("def f():\n  {call}\n  return done()\n");
        assert_eq!(
            called(&text, "f", "{}"),
            Invocation::NeedsHost {
                capability: capability.to_owned()
            },
            "{call}"
        );
    }
}

#[test]
fn files_of_the_commit_are_read_without_a_host() {
    let files = [
        (
            ENTRY,
            "def f(): return done(outputs={'a': read('a.txt'), 'b': host.read_file('../b.txt'), 'c': read('/a.txt'), 'd': is_dir('sub'), 'e': is_dir('a.txt')})\n",
        ),
        ("api/a.txt", "A"),
        ("b.txt", "B"),
        ("api/sub/c.txt", "C"),
    ];
    assert_eq!(
        outputs(&called_in(&files, ENTRY, "f", "{}")),
        r#"{"a":"A","b":"B","c":"A","d":true,"e":false}"#
    );
}

#[test]
fn a_folder_is_listed_only_from_a_complete_tree() {
    let mut files = SourceTree::new();
    files.insert(
        ENTRY,
        "def f(): return done(outputs={'n': read_dir('.'), 's': read_dir('sub')})\n",
    );
    files.insert_path("api/sub/c.txt");
    files.insert_path("api/sub/deep/d.txt");
    assert!(matches!(
        run(&files, &super::Denied),
        Invocation::NeedsHost { .. }
    ));
    files.mark_complete();
    assert_eq!(
        outputs(&run(&files, &super::Denied)),
        r#"{"n":["release.ocu.star","sub"],"s":["c.txt","deep"]}"#
    );
}

fn run(files: &SourceTree, capabilities: &dyn Capabilities) -> Invocation {
    let function = FunctionName {
        file: ENTRY.into(),
        name: "f".into(),
    };
    invoke(
        files,
        ENTRY,
        &function,
        &BTreeMap::new(),
        &[],
        capabilities,
        &Limits::default(),
    )
}

/// A host that writes down what it is asked.
#[derive(Default)]
struct Recorder {
    asked: RefCell<Vec<String>>,
}

impl Recorder {
    fn note(&self, text: String) {
        self.asked.borrow_mut().push(text);
    }
}

impl Capabilities for Recorder {
    fn os(&self) -> Result<String, HostError> {
        Ok("linux".into())
    }

    fn env(&self) -> Result<BTreeMap<String, String>, HostError> {
        Ok([("HOME".to_owned(), "/home".to_owned())].into())
    }

    fn pwd(&self, folder: &str) -> Result<String, HostError> {
        Ok(format!("/checkout/{folder}"))
    }

    fn shell(
        &self,
        command: &ShellCommand,
        line: &mut dyn FnMut(&str),
    ) -> Result<ShellResult, HostError> {
        self.note(format!("{command:?}"));
        line("token hush");
        let exit_code = i32::from(command.command == "false");
        Ok(ShellResult {
            stdout: "out".into(),
            combined_output: "out and err".into(),
            exit_code,
            ..ShellResult::default()
        })
    }

    fn write(&self, path: &str, content: &str) -> Result<(), HostError> {
        self.note(format!("write {path} {content}"));
        Ok(())
    }

    fn read(&self, path: &str) -> Result<String, HostError> {
        Err(HostError::Failed(format!("{path}: no such file")))
    }

    fn http(&self, request: &HttpRequest) -> Result<HttpResponse, HostError> {
        self.note(format!("{request:?}"));
        Ok(HttpResponse {
            status_code: 404,
            status_text: "Not Found".into(),
            ..HttpResponse::default()
        })
    }

    fn log(&self, line: &str) {
        self.note(format!("log {line}"));
    }

    fn mask(&self, value: &str) {
        self.note(format!("mask {value}"));
    }
}

fn granted(body: &str) -> (Invocation, Vec<String>) {
    let host = Recorder::default();
    let text = format!("def f():\n  {}\n", body.replace('\n', "\n  "));
    let invocation = run(&tree(&[(ENTRY, &text)]), &host);
    (invocation, host.asked.into_inner())
}

#[test]
fn a_granted_host_gets_paths_from_the_root_and_masked_lines() {
    let (invocation, asked) = granted(
        "secret('hush')\n\
         r = shell('make', dir='sub', env={'A': 'b'}, mute=True)\n\
         write('../x', 'y')\n\
         h = http.put('https://x', headers={'A': 'b', 'C': ['d', 'e']}, body='z')\n\
         return done(outputs={'o': r.stdout, 'e': r.exit_code, 'h': h.status_code, 'p': pwd(), 'v': env()['HOME'], 'os': host.os()})",
    );
    assert_eq!(
        outputs(&invocation),
        r#"{"e":0,"h":404,"o":"out","os":"linux","p":"/checkout/api","v":"/home"}"#
    );
    insta::assert_snapshot!(asked.join("\n"));
}

#[test]
fn q_s8_both_outputs_come_together_and_each_header_of_a_list_is_sent() {
    let (invocation, asked) = granted(
        "http.post('https://x', {'A': ['b', 'c'], 'D': 'e'})\n\
         return done(outputs={'both': shell('make').combined_output})",
    );
    assert_eq!(outputs(&invocation), r#"{"both":"out and err"}"#);
    let request = asked.iter().find(|asked| asked.contains("HttpRequest"));
    let headers = r#"headers: [("A", "b"), ("A", "c"), ("D", "e")]"#;
    assert!(
        request.is_some_and(|request| request.contains(headers)),
        "{asked:?}"
    );
}

#[test]
fn a_failing_command_fails_the_run_unless_it_may_continue() {
    let (failed, _) = granted("shell('false')");
    assert!(
        format!("{failed:?}").contains("false: exit status 1"),
        "{failed:?}"
    );
    let (continued, _) =
        granted("return done(outputs={'c': shell('false', continue_on_error=True).exit_code})");
    assert_eq!(outputs(&continued), r#"{"c":1}"#);
    let (missing, _) = granted("read('missing')");
    assert!(
        format!("{missing:?}").contains("api/missing: no such file"),
        "{missing:?}"
    );
}
