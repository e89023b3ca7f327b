//! Warnings for what the original refuses and this dialect takes.

use super::{findings, planned, planned_of};

fn said(text: &str) -> String {
    let evaluation = planned(text);
    assert!(!evaluation.has_errors(), "{}", findings(&evaluation));
    findings(&evaluation).replace("api/release.ocu.star:", "")
}

#[test]
fn a_global_assigned_again_is_pointed_out() {
    let again = |name: &str, line: u32, at: &str| {
        format!(
            "warning {at}: `{name}` is already assigned in line {line}: the original Ocuroot refuses this, use another name"
        )
    };
    for (text, expected) in [
        ("x = 1\nx = 2\n", again("x", 1, "2:1")),
        ("x = 1\nx += 2\n", again("x", 1, "2:1")),
        ("def f(): pass\ndef f(): pass\n", again("f", 1, "2:5")),
        ("a = 1\n[b, a] = 1, 2\n", again("a", 1, "2:5")),
        ("x = [x for x in [1]]\n", String::new()),
        ("def f():\n  x = 1\n  x = 2\nx = 3\n", String::new()),
        ("repo_alias = 'shadows a builtin'\n", String::new()),
    ] {
        assert_eq!(said(text), expected, "{text}");
    }
    let files = [
        ("a.ocu.star", "load('b.star', 'x')\nx = 1\n"),
        ("b.star", "x = 1\n"),
    ];
    let text = findings(&planned_of(&files, "a.ocu.star"));
    assert!(
        text.contains("a.ocu.star:2:1: `x` is already assigned in line 1"),
        "{text}"
    );
}

#[test]
fn recursion_is_pointed_out_where_the_call_is() {
    let recursive = |name: &str, through: &str, at: &str| {
        format!(
            "warning {at}: `{name}` calls {through}: the original Ocuroot refuses recursion, write a loop"
        )
    };
    for (text, expected) in [
        (
            "def f(n): return f(n - 1) if n else 0\n",
            recursive("f", "itself", "1:18"),
        ),
        (
            "def f():\n  return g()\ndef g():\n  return h()\ndef h():\n  return f()\ndef i(): return f()\n",
            [
                recursive("f", "itself through `g`", "2:10"),
                recursive("g", "itself through `h`", "4:10"),
                recursive("h", "itself through `f`", "6:10"),
            ]
            .join("\n"),
        ),
        ("f = lambda n: f(n)\n", recursive("f", "itself", "1:15")),
        (
            "def f():\n  def g(): return g()\n  return g\n",
            recursive("g", "itself", "2:19"),
        ),
        (
            "def f(x):\n  return [f() for y in [1]]\n",
            recursive("f", "itself", "2:11"),
        ),
        // Other things of the same name.
        ("def f(f): return f()\n", String::new()),
        ("def f(g): return [f(1) for f in g]\n", String::new()),
        ("def f():\n  f = len\n  return f([])\n", String::new()),
        ("def f(): return g()\ndef g(): return 1\n", String::new()),
        ("def f(): return struct(f=1).f\n", String::new()),
        ("def f(x=1): return x\ny = f(f())\n", String::new()),
    ] {
        assert_eq!(said(text), expected, "{text}");
    }
}

#[test]
fn many_functions_in_a_circle_are_looked_at_quickly() {
    let mut text: String = (0..5000)
        .map(|number| format!("def f{number}(): return f{}()\n", number + 1))
        .collect();
    text.push_str("def f5000(): return f0()\n");
    assert_eq!(said(&text).lines().count(), 20);
}

#[test]
fn an_unknown_escape_is_pointed_out() {
    for text in [
        r"x = r'\d'",
        r"x = rb'\d'",
        r"x = '\n\t\\d\x41\101'",
        r"# '\d'",
        "x = '''a \\\n b'''",
    ] {
        assert_eq!(said(text), "", "{text}");
    }
    let expected =
        "`\\d` is no escape, the original Ocuroot refuses it: write `\\\\d`, or a raw text r\"…\"";
    assert_eq!(said(r"x = '\d'"), format!("warning 1:6: {expected}"));
    assert_eq!(
        said("y = 1\nx = '''ä\n\\d'''\n"),
        format!("warning 3:1: {expected}")
    );
}

#[test]
fn many_unknown_escapes_are_pointed_out_once_each_up_to_a_bound() {
    let text = format!("x = [{}]\n", r"'\d',".repeat(50_000));
    let lines = said(&text).lines().count();
    assert!((20..40).contains(&lines), "{lines}");
}

#[test]
fn tabs_indent_as_in_the_original() {
    let text = "def f():\n\tif True:\n\t\tx =\t'a\tb'\n        \treturn x\n\treturn 1\ny = [\n\tf(),\t# a\ttab\n]\nprint(y)\n";
    let evaluation = planned(text);
    assert_eq!(findings(&evaluation), "");
    assert_eq!(evaluation.prints, ["[\"a\\tb\"]"]);
}
