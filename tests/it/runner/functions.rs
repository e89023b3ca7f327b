//! What functions can do in a job, and what of it is seen.

use std::os::unix::fs::symlink;

use serde_json::json;

use super::bench::{Bench, ENTRY};

#[tokio::test(flavor = "multi_thread")]
async fn a_function_gets_its_inputs_and_gives_its_outputs() {
    let text = r#"
def f(environment, version):
    target = environment_from_dict(environment)
    all = [known.name for known in environments()]
    where = shell("pwd").stdout.strip() == pwd()
    return done(outputs={"to": target.name, "version": version, "all": all, "where": where}, tags=["v1"], watch=["lib"])
"#;
    let inputs = json!({"environment": {"name": "production", "attributes": {}}, "version": 1.50});
    let bench = Bench::with(&[(ENTRY, text)], "f", inputs).await;
    let outcome = bench.run().await;
    let outputs = json!({"to": "production", "version": 1.5, "all": ["production"], "where": true});
    assert_eq!(
        outcome,
        json!({"kind": "done", "outputs": outputs, "tags": ["v1"], "watch": ["lib"]})
    );
    let summary =
        std::fs::read_to_string(&bench.environment["GITHUB_STEP_SUMMARY"]).expect("a summary");
    assert!(summary.contains(
        "### Done: `github.com/acme/shop/-/api/release.ocu.star/@r7/deploy/production/2`"
    ));
    assert!(summary.contains("| `to` | `production` |"), "{summary}");
}

#[tokio::test(flavor = "multi_thread")]
async fn output_is_streamed_and_secrets_are_shown_nowhere() {
    let text = r#"
def f():
    token = secret(shell("printf hush-%s 12345", mute=True).stdout)
    shell("echo out $TOKEN; echo err $TOKEN >&2", env={"TOKEN": token})
    print("line one " + token + "\nline two")
    return next(g, inputs={"token": token})

def g(token):
    print("still " + token)
    return done(outputs={"token": token, "nested": [{"t": "a " + token}]})
"#;
    let bench = Bench::new(text, "f").await;
    let outcome = bench.run().await;
    assert_eq!(
        outcome["outputs"],
        json!({"token": "<secret>", "nested": [{"t": "a <secret>"}]})
    );
    let mut log = bench.server.log();
    log[..2].sort();
    assert_eq!(
        log,
        [
            "err <secret>",
            "out <secret>",
            "line one <secret>",
            "line two",
            "still <secret>"
        ]
    );
    let console = bench.console();
    assert!(console.contains("::add-mask::hush-12345\n"), "{console}");
    assert!(
        console.contains("::group::api/release.ocu.star:f\n") && console.contains("::endgroup::\n"),
        "{console}"
    );
    let shown = bench.shown();
    assert!(shown.contains("\nout <secret>\n"), "{shown}");
    for secret in [
        "hush-12345",
        super::server::REPORT_TOKEN,
        bench.environment["ACTIONS_ID_TOKEN_REQUEST_TOKEN"].as_str(),
    ] {
        assert!(!shown.contains(secret), "{shown}");
        assert!(
            console.contains(&format!("::add-mask::{secret}\n")),
            "{console}"
        );
        let seen = bench.server.seen();
        let told = seen.reports.iter().chain(&seen.logs);
        assert!(
            told.into_iter()
                .all(|asked| !asked.body.to_string().contains(secret))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_do_not_get_what_identifies_the_job() {
    let text = "def f():\n  n = [k for k in env() if 'ID_TOKEN' in k]\n  s = shell('env | grep -c ID_TOKEN', continue_on_error=True).stdout\n  return done(outputs={'n': n, 's': s, 'a': env()['GITHUB_ACTIONS'], 't': shell('echo $GITHUB_ACTIONS $A', env={'A': 'b'}).stdout})\n";
    let outcome = Bench::new(text, "f").await.run().await;
    assert_eq!(
        outcome["outputs"],
        json!({"n": [], "s": "0\n", "a": "true", "t": "true b\n"})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_goes_on_in_the_same_job_while_its_inputs_are_there() {
    let text = r#"
def first():
    write("made.txt", "by first")
    return next(second, inputs={"text": "passed on", "none": None})

def second(text, none):
    return next(third, inputs={"text": text + " twice"})

def third(text):
    return done(outputs={"text": text, "made": read("made.txt")})
"#;
    let bench = Bench::new(text, "first").await;
    let outcome = bench.run().await;
    assert_eq!(
        outcome["outputs"],
        json!({"text": "passed on twice", "made": "by first"})
    );
    assert_eq!(bench.console().matches("::group::").count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_has_to_wait_is_handed_back() {
    let text = r#"
def first():
    return next(second, inputs={"approval": ref("./custom/approval"), "built": 3})

def second(approval, built):
    return done()
"#;
    let bench = Bench::new(text, "first").await;
    let outcome = bench.run().await;
    assert_eq!(
        outcome,
        json!({"kind": "next", "function": {"file": ENTRY, "name": "second"},
               "inputs": {"approval": {"ref": "./custom/approval"}, "built": {"value": 3}}})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_not_left_with_the_server_while_a_chain_waits() {
    let text = r#"
def first():
    token = secret("hush-12345")
    return next(second, inputs={"approval": ref("./custom/approval"), "token": "Bearer " + token})

def second(approval, token):
    return done()
"#;
    let message = Bench::new(text, "first").await.failure().await;
    assert!(
        message.starts_with("input 'token' of next(second) holds a secret"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_in_a_circle_ends() {
    let message = Bench::new("def f():\n  return next(f)\n", "f")
        .await
        .failure()
        .await;
    assert_eq!(
        message,
        "more than 1000 functions called next, the last one api/release.ocu.star:f"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_command_fails_the_run_with_its_place_and_exit_code() {
    let text = "def f():\n  shell('echo about to fail; exit 7')\n  return done()\n";
    let bench = Bench::new(text, "f").await;
    let message = bench.failure().await;
    assert!(message.starts_with("api/release.ocu.star:2:"), "{message}");
    assert!(
        message.ends_with("in f: echo about to fail; exit 7: exit status 7"),
        "{message}"
    );
    assert!(
        bench
            .console()
            .contains(&format!("::error title=ocuroot::{message}"))
    );
    assert_eq!(bench.server.log(), ["about to fail"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_masked_in_failures_too() {
    let text = "def f():\n  t = secret('hush-12345')\n  fail('no answer for ' + t)\n";
    let message = Bench::new(text, "f").await.failure().await;
    assert!(
        message.ends_with("fail: no answer for <secret>"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_outside_the_repository_is_read_or_written() {
    for call in [
        "read('../../x')",
        "write('../../x', 'y')",
        "read('link/x')",
        "write('link/y', 'z')",
        "read_dir('link')",
    ] {
        let bench = Bench::new(&format!("def f():\n  {call}\n  return done()\n"), "f").await;
        let outside = bench.directory.path().join("outside");
        std::fs::create_dir(&outside).expect("a folder");
        std::fs::write(outside.join("x"), "hush").expect("a file");
        symlink(&outside, bench.checkout.join("api/link")).expect("a link");
        let message = bench.failure().await;
        assert!(
            message.contains("leaves the repository"),
            "{call}: {message}"
        );
        assert_eq!(std::fs::read_dir(&outside).expect("a folder").count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_is_gone_says_where_it_was_looked_for() {
    let message = Bench::new("def g(): return done()\n", "f")
        .await
        .failure()
        .await;
    assert_eq!(
        message,
        "function `f` is not defined in api/release.ocu.star at this commit"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_function_of_the_starter_files_works() {
    let text = include_str!("../../../templates/release.ocu.star");
    let deployed = json!({"environment": {"name": "staging", "attributes": {}}, "version": "1"});
    for (function, inputs, said) in [
        ("up", &deployed, "deploying 1 to staging"),
        ("down", &deployed, "removing 1 from staging"),
    ] {
        let bench = Bench::with(&[(ENTRY, text)], function, inputs.clone()).await;
        assert_eq!(bench.run().await["kind"], "done", "{function}");
        assert_eq!(bench.server.log().join("\n"), said);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn http_keeps_every_header_and_any_status_is_an_answer() {
    let bench = Bench::with(
        &[(
            ENTRY,
            "def f(url):\n  r = http.post(url + '/echo', headers={'X-Many': ['a', 'b']}, body='hello')\n  return done(outputs={'s': r.status_code, 't': r.status_text, 'h': r.headers['x-many'], 'b': r.body})\n",
        )],
        "f",
        json!({"url": echo().await}),
    )
    .await;
    assert_eq!(
        bench.run().await["outputs"],
        json!({"s": 418, "t": "I'm a teapot", "h": "a, b", "b": "hello"})
    );
    let text = "def f():\n  http.get('http://127.0.0.1:1/secret')\n  return done()\n";
    let message = Bench::new(text, "f").await.failure().await;
    assert!(
        message.contains("GET http://127.0.0.1:1/secret: no connection"),
        "{message}"
    );
}

/// Answers with the headers and the body it got, and a status that is no success.
async fn echo() -> String {
    use axum::http::{HeaderMap, StatusCode};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let handler = |headers: HeaderMap, body: String| async move {
        let mut answer = HeaderMap::new();
        for value in headers.get_all("x-many") {
            answer.append("x-many", value.clone());
        }
        (StatusCode::IM_A_TEAPOT, answer, body)
    };
    let router = axum::Router::new().route("/echo", axum::routing::post(handler));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}
