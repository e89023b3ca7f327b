//! Builtins that give values.

use super::{called, value_of};
use crate::model::Invocation;

#[test]
fn values_come_out_as_expected() {
    let table = [
        (
            "it = json.encode({'b': 1, 'a': [True, None, 'x', (1, 2)]})",
            r#""{\"a\":[true,null,\"x\",[1,2]],\"b\":1}""#,
        ),
        (
            "it = json.encode(struct(b=1, a=struct(c=2)))",
            r#""{\"a\":{\"c\":2},\"b\":1}""#,
        ),
        ("it = json.decode('{\"a\": [1, 2.5]}')['a']", "[1,2.5]"),
        (
            "it = json.decode('nonsense', default='fallback')",
            "\"fallback\"",
        ),
        ("it = json.decode('nonsense', default=None)", "null"),
        (
            "it = json.indent('{\"a\":1}', prefix='> ', indent='  ')",
            r#""{\n>   \"a\": 1\n> }""#,
        ),
        ("it = json.encode_indent([1], indent=' ')", r#""[\n 1\n]""#),
        ("it = unwrap({'a': 1}, 'a')", "1"),
        ("it = outputs(a=1, b='x')", r#"{"a":1,"b":"x"}"#),
        ("it = secret('s3cret') == 's3' + 'cret'", "true"),
        ("it = struct(a=1).a", "1"),
        (
            "it = [e.name for e in environments()]",
            r#"["production","staging"]"#,
        ),
        (
            "it = environments()[0]",
            r#"{"attributes":{"type":"production"},"name":"production"}"#,
        ),
        (
            "it = environment('x') == environment_from_json('{\"name\": \"x\"}')",
            "true",
        ),
        (
            "it = str(environment('x', {'a': 'b'}))",
            r#""environment(name = \"x\", attributes = {\"a\":\"b\"})""#,
        ),
        ("it = debug_break()", "null"),
        ("it = ocuroot('whatever')", "null"),
        ("it = {'a': 1} | {'b': 2}", r#"{"a":1,"b":2}"#),
        ("it = '%s-%d' % ('a', 1) + '{}'.format(2)", "\"a-12\""),
    ];
    for (body, expected) in table {
        assert_eq!(value_of(body), expected, "{body}");
    }
}

#[test]
fn print_joins_with_its_separator() {
    let text = "def f():\n  print('a', 1, [2])\n  print('a', 'b', sep='-')\n  print()\n";
    let Invocation::Finished { logs, .. } = called(text, "f", "{}") else {
        panic!("not finished");
    };
    assert_eq!(logs, ["a 1 [2]", "a-b", ""]);
}

#[test]
fn a_value_that_is_endless_as_text_is_refused() {
    let failed = value_of("it = []\nfor i in range(30): it = [it, it]\nit = json.encode(it)");
    assert!(failed.contains("too large to store"), "{failed}");
    let failed = value_of("it = []\nfor i in range(200): it = [it]");
    assert!(failed.contains("nested too deeply"), "{failed}");
}
