//! Every builtin of the SDK, with arguments by position and by name, gives the same; and says what is wrong.

use super::{ENTRY, called, findings, outputs, planned, planned_of, value_of};
use crate::config::Evaluation;

const FUNCTIONS: &str = "\
def build(): return done()
def build2(a): return done()
def up(environment, a=1): return done()
";

fn declared(text: &str) -> Evaluation {
    let evaluation = planned(&format!("{FUNCTIONS}{text}\n"));
    assert_eq!(findings(&evaluation), "", "{text}");
    evaluation
}

#[test]
fn declarations_take_arguments_by_position_and_by_name() {
    let pairs = [
        ("task(build, 'x')", "task(name='x', fn=build)"),
        (
            "task(build2, 'x', 'note', {'a': 1})",
            "task(fn=build2, name='x', inputs={'a': 1}, annotation='note')",
        ),
        (
            "call(build2, 'x', 'note', {'a': 1})",
            "call(fn=build2, name='x', annotation='note', inputs={'a': 1})",
        ),
        (
            "deploy(environment('e'), up, up, {'a': 1})",
            "deploy(inputs={'a': 1}, down=up, up=up, environment=environment(name='e'), annotation='')",
        ),
        (
            "phase('p', [task(build, 'x')])",
            "phase(name='p', tasks=[task(build, 'x')], annotation='note')",
        ),
        (
            "phase('p', [], [task(build, 'x')])",
            "phase(name='p', work=[task(build, 'x')])",
        ),
        (
            "task(build2, 'x', inputs={'a': input('./custom/a', 1)})",
            "task(build2, 'x', inputs={'a': input(ref='./custom/a', default=1)})",
        ),
        (
            "task(build2, 'x', inputs={'a': ref('./custom/a')})",
            "task(build2, 'x', inputs={'a': input(ref=ref(ref='./custom/a'))})",
        ),
        (
            "deploy(environment('e', {'t': 'x'}), workflow('a.yml', {'m': 1}), workflow('b.yml'))",
            "deploy(environment=environment(name='e', attributes={'t': 'x'}), up=workflow(file='a.yml', inputs={'m': 1}), down=workflow(file='b.yml'))",
        ),
        (
            "task(build, 'x')\nwatch(['a'])\nrunner('a.yml', 3)",
            "task(build, 'x')\nwatch(globs=['a'])\nrunner(workflow='a.yml', wave=3)",
        ),
    ];
    for (by_position, by_name) in pairs {
        let one = declared(by_position).package.expect("a package");
        let other = declared(by_name).package.expect("a package");
        assert!(!one.phases.is_empty());
        let lines = |mut package: crate::model::Package| {
            for task in package.phases.iter_mut().flat_map(|phase| &mut phase.tasks) {
                task.line = 0;
            }
            package
        };
        assert_eq!(lines(one), lines(other), "{by_name}");
    }
    let by_position = declared("register_environment(environment('e', {'t': 'x'}))");
    let by_name =
        declared("register_environment(environment=environment(name='e', attributes={'t': 'x'}))");
    assert_eq!(by_position.environments, by_name.environments);
}

#[test]
fn values_take_arguments_by_position_and_by_name() {
    let pairs = [
        (
            "environment('e', {'a': 'b'}).dict()",
            "environment(name='e', attributes={'a': 'b'}).dict()",
        ),
        (
            "environment_from_dict({'name': 'e'}).name",
            "environment_from_dict(dict={'name': 'e'}).name",
        ),
        (
            "environment_from_json('{\"name\": \"e\"}').json()",
            "environment_from_json(json='{\"name\": \"e\"}').json()",
        ),
        ("unwrap({'a': 1}, 'a')", "unwrap(dict={'a': 1}, key='a')"),
        ("secret('x') == 'x'", "secret(value='x') == 'x'"),
        ("json.decode('[1', 2)", "json.decode('[1', default=2)"),
        ("read('data.txt')", "read(path='data.txt')"),
        (
            "host.read_file('data.txt')",
            "host.read_file(path='data.txt')",
        ),
        ("is_dir('sub')", "host.is_dir(path='sub')"),
        ("ocuroot('0.3.x')", "ocuroot(version='0.3.x')"),
        ("outputs(a=1)", "outputs(**{'a': 1})"),
        ("struct(b=1, a=2)", "struct(**{'a': 2, 'b': 1})"),
    ];
    let files =
        |expression: &str| format!("def f(): return done(outputs={{'it': {expression}}})\n");
    for (by_position, by_name) in pairs {
        let value = |expression: &str| {
            let text = files(expression);
            let all = [
                (ENTRY, text.as_str()),
                ("api/data.txt", "DATA"),
                ("api/sub/x", ""),
            ];
            outputs(&super::called_in(&all, ENTRY, "f", "{}"))
        };
        let one = value(by_position);
        assert!(one.starts_with("{\"it\":"), "{by_position}: {one}");
        assert_eq!(one, value(by_name), "{by_name}");
    }
}

#[test]
fn ends_take_arguments_by_position_and_by_name() {
    for (by_position, by_name) in [
        (
            "done('note', {'a': 1}, ['v1'], ['x'])",
            "done(watch=['x'], tags=['v1'], outputs={'a': 1}, annotation='note')",
        ),
        (
            "next(g, 'note', {'a': 1})",
            "next(inputs={'a': 1}, fn=g, annotation='note')",
        ),
        ("done()", "done(outputs=None, tags=None, watch=None)"),
        ("done(tags=['a'])", "done(tags=('a',))"),
    ] {
        let end = |call: &str| {
            let text = format!("def f(): return {call}\ndef g(a): return done()\n");
            format!("{:?}", called(&text, "f", "{}"))
        };
        assert_eq!(end(by_position), end(by_name), "{by_name}");
    }
}

#[test]
fn wrong_arguments_are_named() {
    for (call, problem) in [
        ("phase()", "Missing parameter `name`"),
        ("phase('x', 5)", "Type of parameter `work` doesn't match"),
        ("task()", "Missing parameter `fn`"),
        ("task(build, 'x', '', {}, 5)", "positional argument"),
        ("deploy(environment('x'), up, up, bogus=1)", "`bogus`"),
        ("input(5)", "a ref must be a string, got int"),
        ("ref()", "Missing parameter `ref`"),
        ("ref('')", "a ref cannot be empty"),
        ("environment()", "Missing parameter `name`"),
        ("environment(5)", "Type of parameter `name` doesn't match"),
        (
            "environment('x', {'a': 5})",
            "attribute `a` of environment `x` must be a string",
        ),
        ("environment_from_dict({})", "needs a \"name\""),
        ("environment_from_dict(5)", "needs a \"name\""),
        ("environment_from_json('{')", "not JSON"),
        ("environments(1)", "positional argument"),
        ("register_environment()", "Missing parameter `environment`"),
        ("outputs(1)", "positional argument"),
        ("unwrap({}, 'a')", "expected key a in {}"),
        ("unwrap(5, 'a')", "Type of parameter `dict` doesn't match"),
        ("secret(5)", "secret value must be a string"),
        ("secret(None)", "secret value must be a string"),
        (
            "done(outputs=[])",
            "Type of parameter `outputs` doesn't match",
        ),
        ("done(tags='v1')", "Type of parameter `tags` doesn't match"),
        ("done(tags=['a b'])", "invalid tag: a b"),
        (
            "done(tags=['r7'])",
            "tags must not be in the release format (r<number>): r7",
        ),
        ("done(output={})", "`output`"),
        ("shell()", "Missing parameter `command`"),
        ("shell('x', dir='../..')", "`../..` leaves the repository"),
        (
            "shell('x', env={'A': 1})",
            "env must map strings to strings",
        ),
        ("http.get()", "Missing parameter `url`"),
        ("http.get('x', body='y')", "`body`"),
        (
            "http.post('x', {'A': 1})",
            "header `A` must be a string or a list of strings",
        ),
        ("write('x')", "Missing parameter `content`"),
        ("struct(1)", "positional argument"),
        ("struct(a=1).b", "has no attribute `b`"),
        ("json.indent('{')", "json.indent: EOF"),
        ("print(end='')", "`end`"),
        ("debug_break(1)", "positional argument"),
        ("ocuroot(5)", "Type of parameter `version` doesn't match"),
    ] {
        let text = findings(&planned(&format!("{FUNCTIONS}x = {call}\n")));
        assert!(text.contains(problem), "{call}: {text}");
    }
}

#[test]
fn structs_are_as_in_the_original() {
    for (body, expected) in [
        (
            "it = str(struct(b=1, a='x'))",
            r#""struct(a = \"x\", b = 1)""#,
        ),
        ("it = str(struct())", r#""struct()""#),
        (
            "it = struct(a=1, b=1) + struct(b=2, c=3)",
            r#"{"a":1,"b":2,"c":3}"#,
        ),
        ("it = struct(a=1, b=2) == struct(b=2, a=1)", "true"),
        ("it = struct(a=1) == struct(a=2)", "false"),
        ("it = struct(a=1) == struct(a=1, b=1)", "false"),
        ("it = {struct(a=1): 'x'}[struct(a=1)]", r#""x""#),
        ("it = dir(struct(b=1, a=2))", r#"["a","b"]"#),
        ("it = hasattr(struct(a=1), 'b')", "false"),
        ("it = getattr(struct(a=1), 'b', 5)", "5"),
        ("it = type(struct())", r#""struct""#),
        ("it = bool(struct())", "true"),
        (
            "l = []\ns = struct(l=l)\nl.append(s)\nit = str(s)",
            r#""struct(l = [struct(...)])""#,
        ),
    ] {
        assert_eq!(value_of(body), expected, "{body}");
    }
    // Frozen ones of another file behave the same.
    let files = [
        (
            ENTRY,
            "load('lib.star', 's')\nprint(s + struct(a=s.a + 1), s == struct(a=1, l=[]))\n",
        ),
        ("api/lib.star", "s = struct(l=[], a=1)\n"),
    ];
    let evaluation = planned_of(&files, ENTRY);
    assert_eq!(findings(&evaluation), "");
    assert_eq!(evaluation.prints, ["struct(a = 2, l = []) True"]);
}

#[test]
fn json_is_indented_without_being_changed() {
    let text = r#"{"b" : [1,2 , {}], "a":[ ], "s":"x, {y}: \"z\" \\", "n":{"k":null}}"#;
    let quoted = serde_json::to_string(text).expect("JSON");
    let expected = "{\n> -\"b\": [\n> --1,\n> --2,\n> --{}\n> -],\n> -\"a\": [],\n> -\"s\": \"x, {y}: \\\"z\\\" \\\\\",\n> -\"n\": {\n> --\"k\": null\n> -}\n> }";
    let given = value_of(&format!(
        "it = json.indent({quoted}, prefix='> ', indent='-')"
    ));
    assert_eq!(
        serde_json::from_str::<String>(&given).expect("text"),
        expected
    );
    assert_eq!(value_of("it = json.indent(' 5 ')"), "\"5\"");
}
