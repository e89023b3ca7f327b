use serde_json::{Value, json};

use super::{Scope, condition, evaluate, interpolate};

fn scope() -> Scope {
    let mut scope = Scope::default();
    scope.set(
        "inputs",
        json!({"runs": "[{\"id\": 7, \"tags\": [\"a\", \"b\"]}]", "dry": "true", "empty": ""}),
    );
    scope.set("matrix", json!({"run": {"id": 7, "name": "Deploy"}}));
    scope.set("steps", json!({"build": {"outputs": {"image-tag": "v1"}}}));
    scope
}

#[track_caller]
fn check(expression: &str, expected: &Value) {
    assert_eq!(
        &evaluate(expression, &scope()).expect(expression),
        expected,
        "{expression}"
    );
}

#[test]
fn expressions_have_the_values_github_gives_them() {
    check("matrix.run.id", &json!(7));
    check("matrix.run['name']", &json!("Deploy"));
    check("matrix.nothing.there", &json!(null));
    check("steps.build.outputs.image-tag", &json!("v1"));
    check("fromJSON(inputs.runs)[0].tags[1]", &json!("b"));
    check("inputs.dry == 'TRUE' && matrix.run.id != 8", &json!(true));
    check("inputs.empty || 'default'", &json!("default"));
    check("!(1 < 2) || 2 >= 2", &json!(true));
    check("format('{0}-{{{1}}}', 'a', 7)", &json!("a-{7}"));
    check("join(fromJSON('[\"x\", \"y\"]'), '; ')", &json!("x; y"));
    check(
        "contains('Hello', 'ELL') && startsWith('abc', 'A') && endsWith('abc', 'bc')",
        &json!(true),
    );
    check("contains(fromJSON('[1, 2]'), '2')", &json!(true));
    check("'it''s'", &json!("it's"));
    check("true == 1", &json!(true));
}

#[test]
fn a_lone_expression_keeps_its_type_and_a_mixed_text_does_not() {
    assert_eq!(
        interpolate("${{ fromJSON('[1]') }}", &scope()),
        Ok(json!([1]))
    );
    assert_eq!(
        interpolate(
            "run ${{ matrix.run.id }} of ${{ matrix.run.name }}",
            &scope()
        ),
        Ok(json!("run 7 of Deploy"))
    );
}

#[test]
fn a_condition_holds_after_a_failure_only_when_it_asks_for_it() {
    let mut scope = scope();
    assert_eq!(condition("matrix.run.id == 7", &scope), Ok(true));
    scope.failed = true;
    assert_eq!(condition("matrix.run.id == 7", &scope), Ok(false));
    assert_eq!(
        condition("${{ always() && matrix.run.id == 7 }}", &scope),
        Ok(true)
    );
    assert_eq!(condition("failure()", &scope), Ok(true));
}

#[test]
fn what_is_not_supported_is_named() {
    let error = evaluate("hashFiles('**')", &scope()).expect_err("not supported");
    assert_eq!(
        error.to_string(),
        "the simulator does not support hashFiles() with 1 arguments in `hashFiles('**')`"
    );
    assert!(evaluate("secrets.TOKEN", &scope()).is_err());
    assert!(evaluate("1 +", &scope()).is_err());
}
