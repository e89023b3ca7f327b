//! Files that say what should be.

use serde_json::json;

use crate::config::intent_file::{reference_of, value_of};

/// What the path of a file stands for: a ref, nothing, or what is wrong with it.
fn place(path: &str) -> String {
    match reference_of(path) {
        None => "nothing".to_owned(),
        Some(Ok(reference)) => reference.to_string(),
        Some(Err(wrong)) => format!("wrong: {}", wrong.message),
    }
}

#[test]
fn the_path_says_what_a_file_speaks_of() {
    let cases = [
        ("@/environment/staging.json", "@/environment/staging"),
        ("@/custom/token.json", "@/custom/token"),
        ("@/custom/a/b.json", "@/custom/a/b"),
        (
            "api/release.ocu.star/@/deploy/qa.json",
            "api/release.ocu.star/@/deploy/qa",
        ),
        (
            "github.com/acme/shop/-/a.ocu.star/@/custom/x.json",
            "github.com/acme/shop/-/a.ocu.star/@/custom/x",
        ),
        (
            "github.com/acme/shop/-/a.ocu.star/@r3/custom/x.json",
            "github.com/acme/shop/-/a.ocu.star/@r3/custom/x",
        ),
        (
            "refs/@/environment/staging/@object.json",
            "@/environment/staging",
        ),
        (
            "intent/refs/@/environment/staging/@object.json",
            "@/environment/staging",
        ),
        ("refs/x/-/repo.ocu.star/@/@object.json", "nothing"),
        ("refs/x/-/a.ocu.star/@r1/task/build/@object.json", "nothing"),
        (".ocuroot-store", "nothing"),
        ("README.md", "nothing"),
        ("package.json", "nothing"),
        ("@/environment/README.md", "nothing"),
    ];
    for (path, expected) in cases {
        assert_eq!(place(path), expected, "{path}");
    }
}

#[test]
fn a_path_that_looks_like_a_ref_and_is_none_is_told_of() {
    let paths = [
        "@/task/build.json",
        "api/release.ocu.star/@r1/deploy/qa.json",
        "api/release.ocu.star/@/nothing/qa.json",
    ];
    insta::assert_snapshot!(paths.map(place).join("\n"));
}

#[test]
fn what_is_in_a_file_should_be_there() {
    let value = |path: &str, text: &str| {
        let reference = reference_of(path).expect("a ref").expect("a good one");
        value_of(path, &reference, text)
    };
    let environment = "@/environment/staging.json";
    let named = json!({"name": "staging", "attributes": {"type": "qa"}});
    assert_eq!(
        value(environment, "{\"attributes\": {\"type\": \"qa\"}}"),
        Ok(Some(named))
    );
    let object = "refs/@/custom/x/@object.json";
    assert_eq!(
        value(object, "{\"kind\": \"ref\", \"body\": null}"),
        Ok(Some(json!(null)))
    );
    assert_eq!(
        value(object, "{\"kind\": \"link\", \"body\": \"@/custom/y\"}"),
        Ok(None)
    );
    let deployment = "x/-/a.ocu.star/@/deploy/qa.json";
    let release = json!({"release": "x/-/a.ocu.star/@r7"});
    for written in ["r7", "@r7", "./@r7", "x/-/a.ocu.star/@r7"] {
        let text = json!({ "release": written }).to_string();
        assert_eq!(value(deployment, &text), Ok(Some(release.clone())));
    }
    let exact = "123456789012345678901234567890.10";
    let read = value("@/custom/x.json", exact)
        .expect("a number")
        .expect("a value");
    assert_eq!(read.to_string(), exact, "numbers survive exactly");
    let wrong = value("@/custom/x.json", "{\n\"a\": }").expect_err("no JSON");
    assert_eq!(
        (wrong.line, wrong.message.as_str()),
        (2, "it is not JSON: expected value at line 2 column 6")
    );
    assert!(value(object, "1").is_err(), "an object without a body");
}
