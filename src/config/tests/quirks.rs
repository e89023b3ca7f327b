//! What the original gets wrong and is right here, each named after its number in the description of the original.

use super::{ENTRY, called, called_in, findings, outputs, planned, planned_of, value_of};
use crate::model::{Action, Input, Invocation, Outcome};

#[test]
fn q_s1_several_version_calls_are_an_error() {
    let text = findings(&planned("ocuroot(\"0.3.0\")\nx = 1\nocuroot(\"0.3.14\")\n"));
    assert_eq!(
        text,
        "error api/release.ocu.star:3:1: ocuroot() is called more than once in this file"
    );
}

#[test]
fn q_s2_files_of_one_name_in_two_folders_are_two_files() {
    let files = [
        (
            ENTRY,
            "load('./x.star', a='build')\nload('../web/lib.star', 'b')\ntask(a, 'a')\ntask(b, 'b')\n",
        ),
        (
            "api/x.star",
            "def build(): return done(outputs={'from': 'api'})\n",
        ),
        ("web/lib.star", "load('./x.star', 'build')\nb = build\n"),
        (
            "web/x.star",
            "def build(): return done(outputs={'from': 'web'})\n",
        ),
    ];
    let evaluation = planned_of(&files, ENTRY);
    assert_eq!(findings(&evaluation), "");
    let package = evaluation.package.expect("a package");
    let functions: Vec<String> = package
        .tasks()
        .map(|task| match &task.action {
            Action::Function(function) => function.to_string(),
            Action::Workflow(call) => call.file.clone(),
        })
        .collect();
    assert_eq!(functions, ["api/x.star:build", "web/x.star:build"]);
    for (file, from) in [("api/x.star", "api"), ("web/x.star", "web")] {
        assert_eq!(
            outputs(&called_in(&files, file, "build", "{}")),
            format!("{{\"from\":\"{from}\"}}")
        );
    }
}

#[test]
fn q_s3_nested_functions_are_refused_while_planning() {
    let nested = "def make():\n  def inner(): return done()\n  return inner\n";
    let top =
        "must be defined at the top level of a file: the release finds it by its name when it";
    for (call, name) in [
        ("task(make(), 'x')", "inner"),
        ("task(lambda: done(), 'x')", "lambda"),
    ] {
        let text = findings(&planned(&format!("{nested}{call}\n")));
        assert!(
            text.contains(&format!("function \"{name}\" {top}")),
            "{text}"
        );
    }
    for (body, name) in [
        ("def inner(): return done()\n  return next(inner)", "inner"),
        ("return next(lambda: done())", "lambda"),
        (
            "def inner(): return done()\n  return next(annotation='x', fn=inner)",
            "inner",
        ),
    ] {
        let text = findings(&planned(&format!("def f():\n  {body}\ntask(f, 'x')\n")));
        assert!(
            text.contains(&format!("next: function \"{name}\" {top}")),
            "{text}"
        );
    }
}

#[test]
fn q_s3_a_function_is_found_by_its_name_after_its_lines_have_moved() {
    let before = "def f(): return done(outputs={'at': 'old'})\ntask(f, 'x')\n";
    let after =
        "# moved\n\ndef g(): pass\n\ndef f(): return done(outputs={'at': 'new'})\ntask(f, 'x')\n";
    let named = |text| {
        let package = planned(text).package.expect("a package");
        package.tasks().next().map(|task| task.action.clone())
    };
    assert_eq!(named(before), named(after));
    assert_eq!(outputs(&called(after, "f", "{}")), r#"{"at":"new"}"#);
    let assigned = "def make(n): return lambda: done(outputs={'n': n})\none = make(1)\ntwo = make(2)\ntask(two, 'x')\n";
    assert_eq!(findings(&planned(assigned)), "");
    assert_eq!(outputs(&called(assigned, "two", "{}")), r#"{"n":2}"#);
}

#[test]
fn q_s4_dicts_stay_dicts_with_a_remark() {
    for (dict, instead) in [
        (r#"{"ref": "@/custom/x"}"#, "write ref("),
        (r#"{"default": 1}"#, "write input("),
        (
            r#"{"value": null}"#,
            "the original Ocuroot passed what is under \"value\"",
        ),
    ] {
        let literal = dict.replace("null", "None");
        let text = format!("def f(a): return done()\ntask(f, 'x', inputs={{'a': {literal}}})\n");
        let evaluation = planned(&text);
        let said = findings(&evaluation);
        assert!(said.starts_with("warning "), "{said}");
        assert!(said.contains(instead), "{said}");
        let package = evaluation.package.expect("a package");
        let task = package.tasks().next().expect("a task");
        let value = serde_json::from_str(dict).expect("JSON");
        assert_eq!(task.inputs["a"], Input::Value { value });
    }
}

#[test]
fn q_s5_a_shell_runs_in_the_folder_of_the_package() {
    use std::cell::RefCell;

    use crate::config::{Capabilities, HostError, Limits, ShellCommand, ShellResult, invoke};

    #[derive(Default)]
    struct Folders(RefCell<Vec<String>>);

    impl Capabilities for Folders {
        fn shell(
            &self,
            command: &ShellCommand,
            _: &mut dyn FnMut(&str),
        ) -> Result<ShellResult, HostError> {
            self.0.borrow_mut().push(command.directory.clone());
            Ok(ShellResult::default())
        }
    }

    // A helper of another folder runs for the package that called it.
    let files = super::tree(&[
        (
            ENTRY,
            "load('../lib/tools.star', 'tool')\ndef f():\n  shell('x')\n  shell('x', dir='sub')\n  host.shell('x', dir='..')\n  shell('x', dir='/tmp')\n  tool()\n",
        ),
        ("lib/tools.star", "def tool(): host.shell('x')\n"),
    ]);
    let function = crate::model::FunctionName {
        file: ENTRY.into(),
        name: "f".into(),
    };
    let host = Folders::default();
    invoke(
        &files,
        ENTRY,
        &function,
        &Default::default(),
        &[],
        &host,
        &Limits::default(),
    );
    assert_eq!(host.0.into_inner(), ["api", "api/sub", "", "/tmp", "api"]);
}

#[test]
fn q_s6_none_and_a_default_alone_are_values() {
    let text = "def f(a, b, c): return done()\n\
        task(f, 'x', inputs={'a': None, 'b': input(default=5), 'c': input(default=False)})\n";
    let evaluation = planned(text);
    assert_eq!(findings(&evaluation), "");
    let package = evaluation.package.expect("a package");
    let inputs = &package.tasks().next().expect("a task").inputs;
    assert_eq!(
        serde_json::to_string(inputs).expect("JSON"),
        r#"{"a":{"value":null},"b":{"value":5},"c":{"value":false}}"#
    );
    let text = findings(&planned(
        "def f(a): return done()\ntask(f, 'x', inputs={'a': input()})\n",
    ));
    assert!(
        text.contains("input must have either ref or default"),
        "{text}"
    );
    assert_eq!(
        outputs(&called(
            "def f(a): return done(outputs={'is': a == None})\n",
            "f",
            r#"{"a": null}"#
        )),
        r#"{"is":true}"#
    );
}

#[test]
fn q_s7_numbers_and_null_survive_as_they_are() {
    let text = "def f(**given): return done(outputs=given)\n";
    for numbers in [
        r#"{"a":2.0,"b":2,"c":9007199254740993,"d":-123456789012345678901234567890,"e":null}"#,
        r#"{"a":0.1,"b":1e+300,"c":[1,1.0,null,{"d":9223372036854775808}]}"#,
    ] {
        assert_eq!(outputs(&called(text, "f", numbers)), numbers);
    }
    assert_eq!(
        value_of("it = json.decode('[2.0, 9007199254740993, null]')"),
        "[2.0,9007199254740993,null]"
    );
    assert_eq!(
        value_of("it = json.indent('{\"b\":2.50,\"a\":1e2}', indent='')"),
        r#""{\n\"b\": 2.50,\n\"a\": 1e2\n}""#
    );
    let text = "def f():\n  return next(g, inputs={'n': None, 'big': 1 << 80, 'two': 2.0})\ndef g(n, big, two): pass\n";
    let Invocation::Finished {
        outcome: Outcome::Next { inputs, .. },
        ..
    } = called(text, "f", "{}")
    else {
        panic!("not next");
    };
    assert_eq!(
        serde_json::to_string(&inputs).expect("JSON"),
        r#"{"big":{"value":1208925819614629174706176},"n":{"value":null},"two":{"value":2.0}}"#
    );
}

#[test]
fn q_s8_the_empty_secret_hides_nothing() {
    let text = "def f():\n  secret('')\n  print('abc')\n  return done(outputs={'a': 'b'})\n";
    let finished = called(text, "f", "{}");
    assert_eq!(outputs(&finished), r#"{"a":"b"}"#);
    let Invocation::Finished { logs, .. } = finished else {
        panic!("not finished");
    };
    assert_eq!(logs, ["abc"]);
}

#[test]
fn q_s8_arguments_without_a_name_need_no_input() {
    let text = "def one(a, *args, **kwargs): return done(outputs={'a': a, 'args': args, 'more': kwargs})\n\
        def named(*, b): return done(outputs={'b': b})\n\
        def up(*args, **kwargs): return done()\n\
        task(one, 'x', inputs={'a': 1, 'extra': 2})\n\
        task(named, 'y', inputs={'b': 1})\n\
        deploy(environment('e'), up, up)\n";
    assert_eq!(findings(&planned(text)), "");
    assert_eq!(
        outputs(&called(text, "one", r#"{"a": 1, "extra": 2}"#)),
        r#"{"a":1,"args":[],"more":{"extra":2}}"#
    );
}

#[test]
fn q_s8_environment_names_may_have_hyphens() {
    let evaluation = planned(
        "register_environment(environment('eu-west-1'))\nregister_environment(environment('a_b.C9'))\n",
    );
    assert_eq!(findings(&evaluation), "");
    for name in ["invalid/name", "bad+name", "a b", "", ".", ".."] {
        let text = findings(&planned(&format!(
            "register_environment(environment('{name}'))\n"
        )));
        assert!(
            text.contains("environment names may only contain"),
            "{name}: {text}"
        );
    }
}

#[test]
fn q_s9_secrets_are_masked_wherever_people_look() {
    let text = "def f():\n  s = secret('tok123')\n  print(s)\n  return done(outputs={'o': s, 'in': ['x' + s]})\n\
        def fails(): fail('no', secret('tok123'))\n\
        def breaks():\n  secret('tok123')\n  return {}['tok123']\n\
        def tags(): return done(tags=['v-' + secret('tok123')])\n";
    for function in ["f", "fails", "breaks", "tags"] {
        let said = format!("{:?}", called(text, function, "{}"));
        assert!(!said.contains("tok123"), "{said}");
    }
    assert_eq!(
        outputs(&called(text, "f", "{}")),
        r#"{"in":["x<secret>"],"o":"<secret>"}"#
    );
    let planned = planned("s = secret('tok123')\nprint(s)\nfail(s)\n");
    assert_eq!(planned.prints, ["<secret>"]);
    assert_eq!(
        findings(&planned),
        "error api/release.ocu.star:3:1: fail: <secret>"
    );
}

/// §3.3: names of the original that were never meant for config files.
#[test]
fn helpers_that_are_not_there_are_refused_with_what_to_write_instead() {
    let text = findings(&planned("x = map_from_json(\"{}\")\n"));
    insta::assert_snapshot!(text, @"error api/release.ocu.star:1:5: Variable `map_from_json` not found: it is a helper that the original Ocuroot did not mean to show; write json.decode(text)");
    for name in [
        "vars_from_json",
        "normalizeHeaders",
        "check_params",
        "do_work",
    ] {
        let text = findings(&planned(&format!("x = {name}(1)\n")));
        assert!(text.contains("did not mean to show"), "{text}");
    }
}
