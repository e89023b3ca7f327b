//! Every message a file can be refused with, in one place to read them together.

use super::{called, findings, planned, planned_of};

const FUNCTIONS: &str = "\
def build(): return done()
def up(environment): return done()
def down(environment): return done()
def two(a, b=1): return done()
";

#[test]
fn refusals_say_what_where_and_what_to_do() {
    let cases = [
        "phase(\"x\", tasks=[1])",
        "task(build, \"a/b\")",
        "task(build, \"\")",
        "task(1, \"a\")",
        "task(build, 1)",
        "task(build, nmae=\"x\")",
        "task(build, \"a\", inputs=[])",
        "register_environment(5)",
        "x = [1, 2].apend(3)",
        "task(build, \"a\", inputs={\"0starts\": 1})",
        "task(build, \"a\", inputs={\"bad-input\": 1})",
        "task(build, \"a\", inputs={\"x\": 1})",
        "task(two, \"a\", inputs={\"b\": 1})",
        "task(build, \"a\", inputs={1: 1})",
        "task(two, \"a\", inputs={\"a\": build})",
        "task(two, \"a\", inputs={\"a\": input()})",
        "task(two, \"a\", inputs={\"a\": ref(\"a/../b\")})",
        "task(two, \"a\", inputs={\"a\": ref(\"./task\")})",
        "task(two, \"a\", inputs={\"a\": ref(1)})",
        "task(build, \"a\")\ntask(build, \"a\")",
        "task(lambda: done(), \"a\")",
        "def outer():\n  def inner(): return done()\n  return inner\ntask(outer(), \"a\")",
        "task(build, \"a\", timeout=\"10\")",
        "task(build, \"a\", timeout=\"10x\")",
        "task(build, \"a\", retries=-1)",
        "deploy()",
        "deploy(environment=environment(\"a b\"), up=up, down=down)",
        "deploy(environment=\"x\", up=up, down=down)",
        "deploy(environment=environment(\"x\"), up=up)",
        "deploy(environment=environment(\"x\"), up=build, down=down)",
        "deploy(environment=environment(\"x\"), up=up, down=down, inputs={\"environment\": 1})",
        "[deploy(environment=environment(\"x\"), up=up, down=down) for i in range(2)]",
        "environment(\"x\", attributes={\"a\": 1})",
        "environment(\"x\", attributes=[])",
        "environment_from_json(\"{}\")",
        "register_environment(environment(\"x\"))\nregister_environment(environment(\"x\"))",
        "register_environment(environment(\"x\"))\ntask(build, \"a\")",
        "workflow(\"x\")",
        "workflow(\"a/b.yml\")",
        "workflow(\"b.yml\", inputs={\"a\": ref(\"@/custom/x\")})",
        "runner(\"b.yml\", wave=0)",
        "runner(\"b.yml\")\nrunner(\"b.yml\")",
        "watch([\"/abs\"])",
        "watch([\"a{\"])",
        "protect([])",
        "protect([1])",
        "protect([{}])",
        "protect([\"x\"], approve=[\"alice\"])",
        "protect([\"x\"], approvals=-1)",
        "protect([\"x\"], windows=[\"office hours\"])",
        "protect([\"x\"], soak=\"2 days\")",
        "protect([\"x\"], queue=\"oldest\")",
        "freeze([\"x\"], [\"Fri UTC\"], reason=\" \")",
        "freeze([\"x\"], [], reason=\"none\")",
        "shell(\"ls\")",
        "host.env()",
        "http.get(\"https://example.com\")",
        "read(\"missing.txt\")",
        "read(\"../../outside\")",
        "write(\"a\", \"b\")",
        "next(build)",
        "repo_alias(\"x\")",
        "store.set(store.fs(\"x\"))",
        "secret(1)",
        "unwrap({\"a\": 1}, \"b\")",
        "json.encode({1: 2})",
        "json.encode(build)",
        "json.decode(\"{\")",
        "json.decode(\"1e999\")",
        "fail(\"no\", \"way\")",
        "undefined_name",
        "environmentz()",
        "1 + \"a\"",
        "if True:\n  pass",
        "x = (1,",
        "load(\"missing.star\", \"x\")",
        "load(\"../../x.star\", \"x\")",
        "load(\"/x.star\", \"x\")",
        "ocuroot(\"1.0\")",
        "ocuroot(\"0.3\" + \".0\")",
        "ocuroot(\"0.3.0\", \"0.3.0\")",
        "ocuroot(\"0.3.x\")\nocuroot(\"0.3.x\")",
        "def f(n): return f(n + 1)\nf(1)",
        "[0 for a in range(10000) for b in range(10000)]",
        "[print(\"x\" * 1000) for a in range(1000)]",
    ];
    let table: String = cases
        .iter()
        .map(|case| {
            let evaluation = planned(&format!("{FUNCTIONS}{case}\n"));
            assert!(evaluation.package.is_none(), "accepted: {case}");
            format!(
                "{case}\n    {}\n",
                findings(&evaluation).replace('\n', "\n    ")
            )
        })
        .collect();
    insta::assert_snapshot!(table);
}

#[test]
fn failures_of_a_run_say_what_and_where() {
    let cases = [
        "fail(\"broken\")",
        "helper()",
        "return 5",
        "return done(tags=[\"invalid/tag\"])",
        "return done(tags=[\"r123\"])",
        "return done(outputs={\"a\": helper})",
        "return next(nested())",
        "return next(two)",
        "return next(two, inputs={\"a\": 1, \"c\": 1})",
        "return next(two, inputs={\"0a\": 1})",
        "return next(7)",
        "task(helper, \"x\")",
        "return [][1]",
        "return {}[\"x\"]",
    ];
    let table: String = cases
        .iter()
        .map(|case| {
            let text = format!(
                "def helper():\n    for i in [0]:\n        print(1 // i)\ndef nested(): return lambda: 1\n{FUNCTIONS}def f():\n    {case}\n"
            );
            format!("{case}\n    {:?}\n", called(&text, "f", "{}"))
        })
        .collect();
    insta::assert_snapshot!(table);
}

#[test]
fn wrong_calls_of_a_function_say_so() {
    let missing = called(FUNCTIONS, "nothing", "{}");
    let unknown = called(FUNCTIONS, "build", r#"{"x": 1}"#);
    let unbound = called(FUNCTIONS, "two", "{}");
    let broken = called("x = 1 // 0", "two", "{}");
    let constant = called("x = 1", "x", "{}");
    insta::assert_snapshot!(format!(
        "{missing:?}\n{unknown:?}\n{unbound:?}\n{broken:?}\n{constant:?}"
    ));
}

#[test]
fn an_error_in_a_loaded_file_names_both_places() {
    let files = [
        (
            "lib.star",
            "def check(n):\n    for i in [n]:\n        print(1 // i)\n",
        ),
        ("broken.star", "x = \n"),
        ("a.ocu.star", "load(\"lib.star\", \"check\")\n\ncheck(0)\n"),
        ("b.ocu.star", "load(\"broken.star\", \"x\")\n"),
        ("c.ocu.star", "load(\"lib.star\", \"chekc\")\n"),
    ];
    let all: Vec<String> = ["a.ocu.star", "b.ocu.star", "c.ocu.star", "none.ocu.star"]
        .iter()
        .map(|path| findings(&planned_of(&files, path)))
        .collect();
    insta::assert_snapshot!(all.join("\n---\n"));
}
