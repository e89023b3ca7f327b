//! What a file declares ends up in the package.

use super::{ENTRY, findings, planned, planned_of};
use crate::model::{Action, Input, TaskKey};

const BASIC: &str = r#"
ocuroot("0.3.x")
watch(["api/**", "shared/*.json"])
runner(".github/workflows/release.yml", wave=4)

def build(version="1"):
    return done()

def up(environment, version):
    return done()

def down(environment, version):
    return done()

def smoke(ctx):
    return done()

build_task = task(build, name="build", timeout="1h30m", retries=2)
for_type = lambda kind: [e for e in environments() if e.attributes.get("type") == kind]

phase("staging", tasks=[
    deploy(
        environment=e,
        up=up,
        down=down,
        inputs={"version": ref("./task/build#output/version")},
    )
    for e in for_type("staging")
])
call(smoke, "smoke", inputs={"kind": "fast", "nothing": None})
phase("nowhere", tasks=[])
phase("production", [
    deploy(
        environment=e,
        up=workflow("deploy.yml", inputs={"mode": "full"}),
        down=workflow("undeploy.yaml"),
        inputs={"version": input(ref="./@/task/build#output/version", default=7)},
        timeout="90s",
    )
    for e in for_type("production")
])
"#;

#[test]
fn a_whole_package_is_read() {
    let evaluation = planned(BASIC);
    assert_eq!(findings(&evaluation), "");
    let json = serde_json::to_string_pretty(&evaluation.package).expect("JSON");
    insta::assert_snapshot!(json);
}

#[test]
fn guards_are_read_with_every_kind_of_selector() {
    let text = r#"
protect(
    ["canary", environment("production"), {"type": "production"}],
    deploy=["@alice", "@acme/sre"],
    approve=["codeowners", "permission:maintain"],
    approvals=2,
    windows=["Mon-Thu 09:00-16:00 Europe/Berlin"],
    soak="2h",
    confirm=True,
    break_glass=["@acme/oncall"],
    queue="all",
)
protect(["staging"], approve=["@bob"], pull_requests=True, allow_self=True)
freeze(["production"], ["2026-12-20..2027-01-03 UTC"], reason="holidays")
"#;
    let evaluation = planned(text);
    assert_eq!(findings(&evaluation), "");
    let json = serde_json::to_string_pretty(&evaluation.guards).expect("JSON");
    insta::assert_snapshot!(json);
}

#[test]
fn an_evaluation_survives_its_way_through_json() {
    let evaluation = planned(BASIC);
    let json = serde_json::to_string(&evaluation).expect("JSON");
    assert_eq!(
        serde_json::from_str::<super::Evaluation>(&json).expect("an evaluation"),
        evaluation
    );
}

#[test]
fn a_task_outside_phases_runs_before_the_next_phase() {
    let evaluation = planned(
        "def f(): return done()\n\
         late = task(f, 'late')\n\
         task(f, 'first')\n\
         phase('one', tasks=[task(f, 'a'), task(f, 'b')])\n\
         task(f, 'between')\n\
         phase('two', tasks=[late])\n\
         task(f, 'last')\n",
    );
    let package = evaluation.package.expect("a package");
    let phases: Vec<(String, Vec<String>)> = package
        .phases
        .iter()
        .map(|phase| {
            let tasks = phase.tasks.iter().map(|task| task.key.to_string());
            (phase.name.clone(), tasks.collect())
        })
        .collect();
    let expected = [
        ("", vec!["task/first"]),
        ("one", vec!["task/a", "task/b"]),
        ("", vec!["task/between"]),
        ("two", vec!["task/late"]),
        ("", vec!["task/last"]),
    ];
    let expected: Vec<(String, Vec<String>)> = expected
        .into_iter()
        .map(|(name, tasks)| {
            (
                name.to_owned(),
                tasks.into_iter().map(str::to_owned).collect(),
            )
        })
        .collect();
    assert_eq!(phases, expected);
}

#[test]
fn a_plain_dict_is_a_value_even_with_the_keys_of_a_ref() {
    let evaluation = planned(
        "def f(x): return done()\ntask(f, 'a', inputs={'x': {'ref': './custom/y', 'default': 1}})\n",
    );
    let package = evaluation.package.as_ref().expect("a package");
    let task = package.task(&TaskKey::Task("a".into())).expect("the task");
    assert!(matches!(task.inputs["x"], Input::Value { .. }));
    assert!(
        findings(&evaluation).contains("write ref("),
        "{}",
        findings(&evaluation)
    );
}

#[test]
fn a_default_of_none_is_no_default() {
    let evaluation = planned(
        "def f(x): return done()\ntask(f, 'a', inputs={'x': input(ref='./custom/y', default=None)})\n",
    );
    let package = evaluation.package.expect("a package");
    let task = package.task(&TaskKey::Task("a".into())).expect("the task");
    assert!(matches!(
        task.inputs["x"],
        Input::Reference { default: None, .. }
    ));
}

#[test]
fn functions_are_named_by_the_file_and_global_that_hold_them() {
    let files = [
        (
            "shared/lib.star",
            "def _hidden(): return done()\n\
             def shown(): return done()\n\
             def release(): task(_hidden, 'hidden')\n\
             def make():\n  def inner(): return done()\n  return inner\n",
        ),
        (
            ENTRY,
            "load('//shared/lib.star', 'release', 'make', alias='shown')\n\
             made = make()\n\
             noop = lambda: done()\n\
             release()\n\
             task(alias, 'shown')\n\
             task(made, 'made')\n\
             task(noop, 'noop')\n",
        ),
    ];
    let evaluation = planned_of(&files, ENTRY);
    assert_eq!(findings(&evaluation), "");
    let package = evaluation.package.expect("a package");
    let names: Vec<String> = package
        .tasks()
        .map(|task| match &task.action {
            Action::Function(name) => format!("{} {name} line {}", task.key, task.line),
            Action::Workflow(call) => call.file.clone(),
        })
        .collect();
    assert_eq!(
        names,
        [
            "task/hidden shared/lib.star:_hidden line 4",
            "task/shown shared/lib.star:shown line 5",
            "task/made api/release.ocu.star:made line 6",
            "task/noop api/release.ocu.star:noop line 7",
        ]
    );
}

#[test]
fn environments_are_registered_in_order_and_listed_by_name() {
    let evaluation = planned(
        "register_environment(environment('prod-eu', {'type': 'prod'}))\n\
         register_environment(environment_from_dict({'name': 'a.b_c'}))\n\
         print([e.name for e in environments()])\n",
    );
    let names: Vec<&str> = evaluation
        .environments
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    assert_eq!(names, ["prod-eu", "a.b_c"]);
    assert_eq!(evaluation.prints, ["[\"production\", \"staging\"]"]);
    assert_eq!(evaluation.package, None);
}

#[test]
fn a_file_that_declares_nothing_is_fine() {
    let evaluation = planned("x = 1\n");
    assert_eq!(evaluation.package, None);
    assert_eq!(findings(&evaluation), "");
}
