//! Calling functions: both styles, chains, what they return, what is masked.

use super::{ENTRY, called, called_in, outputs, value_of};
use crate::model::{Input, Invocation, Outcome};

#[test]
fn inputs_are_keyword_arguments() {
    let text = "def f(a, b=2): return done(outputs={'sum': a + b})\n";
    assert_eq!(outputs(&called(text, "f", r#"{"a": 1}"#)), r#"{"sum":3}"#);
    assert_eq!(
        outputs(&called(text, "f", r#"{"a": 1, "b": 5}"#)),
        r#"{"sum":6}"#
    );
}

#[test]
fn a_single_parameter_ctx_holds_all_inputs() {
    let text = "def f(ctx): return done(outputs=outputs(has=hasattr(ctx, 'inputs'), a=getattr(ctx.inputs, 'a') if hasattr(ctx, 'inputs') else None))\n";
    assert_eq!(
        outputs(&called(text, "f", r#"{"a": 1}"#)),
        r#"{"a":1,"has":true}"#
    );
    assert_eq!(
        outputs(&called(text, "f", "{}")),
        r#"{"a":null,"has":false}"#
    );
}

#[test]
fn the_environment_is_a_dict_that_can_become_an_environment() {
    let text = "def up(environment):\n  e = environment_from_dict(environment)\n  return done(outputs={'n': e.name, 't': e.attributes['type'], 'd': e.dict(), 'j': e.json()})\n";
    let inputs = r#"{"environment": {"name": "prod", "attributes": {"type": "p"}}}"#;
    assert_eq!(
        outputs(&called(text, "up", inputs)),
        r#"{"d":{"attributes":{"type":"p"},"name":"prod"},"j":"{\"attributes\":{\"type\":\"p\"},\"name\":\"prod\"}","n":"prod","t":"p"}"#
    );
}

#[test]
fn nothing_and_plain_dicts_count_as_done() {
    assert_eq!(outputs(&called("def f(): pass\n", "f", "{}")), "{}");
    assert_eq!(
        outputs(&called("def f(): return {'a': 1}\n", "f", "{}")),
        "{}"
    );
}

#[test]
fn done_carries_tags_and_watched_paths() {
    let text = "def f(): return done(tags=['v1.0', '0.1.0-1'], watch=['a/b'])\n";
    let Invocation::Finished {
        outcome: Outcome::Done { tags, watch, .. },
        ..
    } = called(text, "f", "{}")
    else {
        panic!("not done");
    };
    assert_eq!(tags, ["v1.0", "0.1.0-1"]);
    assert_eq!(watch, ["a/b"]);
}

#[test]
fn next_names_the_function_and_its_inputs() {
    let text = "def f(environment): return next(_g, inputs={'environment': environment, 'approval': ref('./custom/approval'), 'n': input(default=3)})\ndef _g(environment, approval, n): return done()\n";
    let inputs = r#"{"environment": {"name": "prod"}}"#;
    let Invocation::Finished {
        outcome: Outcome::Next { function, inputs },
        ..
    } = called(text, "f", inputs)
    else {
        panic!("not next");
    };
    assert_eq!(function.to_string(), "api/release.ocu.star:_g");
    assert_eq!(
        serde_json::to_string(&inputs).expect("JSON"),
        r#"{"approval":{"ref":"./custom/approval"},"environment":{"value":{"name":"prod"}},"n":{"value":3}}"#
    );
    assert!(matches!(inputs["n"], Input::Value { .. }));
}

#[test]
fn next_may_lead_into_a_file_that_is_only_loaded() {
    let files = [
        (ENTRY, "load('lib.star', 'start')\n"),
        (
            "api/lib.star",
            "def start(): return next(_finish)\ndef _finish(): return done(outputs={'ok': True})\n",
        ),
    ];
    let started = called_in(&files, "api/lib.star", "start", "{}");
    let Invocation::Finished {
        outcome: Outcome::Next { function, .. },
        ..
    } = started
    else {
        panic!("not next: {started:?}");
    };
    assert_eq!(
        outputs(&called_in(&files, &function.file, &function.name, "{}")),
        r#"{"ok":true}"#
    );
}

#[test]
fn secrets_are_masked_in_logs_errors_and_outputs() {
    let text = "top = secret('topsecret')\n\
        def f():\n\
        \x20 print('early abc123xyz')\n\
        \x20 secret('abc123')\n\
        \x20 secret('abc123xyz')\n\
        \x20 secret('')\n\
        \x20 print('late', 'abc123', top)\n\
        \x20 return done(outputs={'o': ['x abc123xyz'], 'topsecret': {'k': top}})\n\
        def g(): fail('bad', secret('pass' + 'word'))\n";
    let finished = called(text, "f", "{}");
    assert_eq!(
        outputs(&finished),
        r#"{"<secret>":{"k":"<secret>"},"o":["x <secret>"]}"#
    );
    let Invocation::Finished { logs, .. } = finished else {
        panic!("not finished");
    };
    assert_eq!(logs, ["early <secret>", "late <secret> <secret>"]);
    let failed = format!("{:?}", called(text, "g", "{}"));
    assert!(
        failed.contains("fail: bad <secret>") && !failed.contains("password"),
        "{failed}"
    );
}

#[test]
fn each_line_of_a_long_secret_is_masked() {
    let text = "def f():\n  secret('-- KEY --\\n{\\nMIIEabcdef\\n')\n  print('MIIEabcdef', '{', '-- KEY --')\n";
    let Invocation::Finished { logs, .. } = called(text, "f", "{}") else {
        panic!("not finished");
    };
    assert_eq!(logs, ["<secret> { <secret>"]);
}

#[test]
fn numbers_keep_their_kind_through_json() {
    let text = "def f(i, x, big, whole): return done(outputs={'i': i, 'x': x, 'big': big, 'whole': whole, 't': [type(i), type(x), type(big), type(whole)]})\n";
    let inputs = r#"{"i": 3, "x": 0.1, "big": 123456789012345678901234567890, "whole": 2.0}"#;
    assert_eq!(
        outputs(&called(text, "f", inputs)),
        r#"{"big":123456789012345678901234567890,"i":3,"t":["int","float","int","float"],"whole":2.0,"x":0.1}"#
    );
    assert_eq!(
        value_of("it = json.decode(json.encode([1, 1.0, -9223372036854775809, 1e300]))"),
        "[1,1.0,-9223372036854775809,1e+300]"
    );
}
