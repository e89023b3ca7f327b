//! `ocuroot state view`: what is recorded, as pages.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Stdio};
use std::time::Duration;

use super::place::Place;

const PATIENCE: Duration = Duration::from_secs(60);

/// The program that shows a place.
struct View {
    child: Child,
    address: SocketAddr,
}

impl View {
    fn of(place: &Place) -> View {
        let mut child = place
            .command("", &["state", "view", "-p", "0"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        let output = child.stdout.take().expect("standard output");
        BufReader::new(output).read_line(&mut line).expect("a line");
        let address = line.split(' ').next().expect("an address");
        let address = address.strip_prefix("http://").expect("an address");
        View {
            address: address.parse().expect("an address"),
            child,
        }
    }

    fn answer(&self, path: &str, host: &str) -> String {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("an answer");
        text
    }

    #[track_caller]
    fn shows(&self, path: &str, parts: &[&str]) {
        let page = self.answer(path, "localhost");
        assert!(page.starts_with("HTTP/1.1 200 OK"), "{path}: {page}");
        for part in parts {
            assert!(page.contains(part), "{path}: {part}: {page}");
        }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const FILE: &str = r#"
ocuroot("0.3.0")
def up(environment, colour):
    print("painting <b>" + colour)
    return done(outputs={"url": "https://" + environment["name"]})
def down(environment, colour): return done()
def check(approval): return done()
phase("all", tasks=[deploy(e, up=up, down=down, inputs={
    "colour": input(ref="@/custom/colour", default="red"),
}) for e in environments()])
phase("last", tasks=[task(check, name="check", inputs={"approval": input(ref="./custom/approval")})])
"#;

fn released() -> Place {
    let place = Place::with_environments("minimal");
    place.write("shown.ocu.star", FILE);
    place.run(&["release", "new", "shown.ocu.star"]);
    place
}

const PACKAGE: &str = "/ref/minimal/repo/-/shown.ocu.star";

#[test]
fn what_is_live_where_is_shown_with_what_differs_from_the_intent() {
    let place = released();
    place.put("@/custom/colour", "blue");
    place
        .run(&["state", "delete", "@/environment/staging"])
        .succeeds();
    let view = View::of(&place);
    assert!(view.address.ip().is_loopback());
    view.shows(
        "/",
        &[
            "<a href=\"/ref/@/environment/production\">production</a>",
            "<a href=\"/ref/minimal/repo/-/shown.ocu.star\">shown.ocu.star</a>",
            "class=\"live-at\" href=\"/ref/minimal/repo/-/shown.ocu.star/@r1/deploy/staging\">r1</a>",
            "since 20",
            "should be gone",
            "<code>@/custom/colour</code>",
        ],
    );
    view.shows(
        "/ref/@/environment/staging",
        &["should be gone", ">r1</a>", "What should be"],
    );
    view.shows(
        "/ref/@/custom/colour",
        &["&#34;blue&#34;", "What should be"],
    );
}

#[test]
fn a_package_and_its_release_are_shown_down_to_what_a_run_read_and_left() {
    let place = released();
    let view = View::of(&place);
    view.shows(
        PACKAGE,
        &[">r1</a>", "all: complete", "last: pending", ">staging</a>"],
    );
    view.shows(
        &format!("{PACKAGE}/@r1"),
        &[
            "up in shown.ocu.star",
            "<a href=\"/ref/@/custom/colour\"><code>@/custom/colour</code></a>",
            "https://staging",
            "waits for it",
            "<a href=\"/ref/minimal/repo/-/shown.ocu.star/@r1/custom/approval\"><code>./custom/approval</code></a>",
            "Log, 1 line",
        ],
    );
    let run = format!("{PACKAGE}/@r1/deploy/staging/1");
    view.shows(
        &run,
        &["painting &#60;b&#62;red", "<b class=\"good\">complete</b>"],
    );
    view.shows(
        &format!("{PACKAGE}/@/deploy/staging"),
        &["Stands for", "/@r1/deploy/staging/1"],
    );
}

#[test]
fn refs_are_found_by_a_glob_and_what_is_none_is_said() {
    let place = released();
    let view = View::of(&place);
    view.shows(
        "/match?glob=**/@/deploy/staging",
        &["minimal/repo/-/shown.ocu.star/@/deploy/staging"],
    );
    view.shows("/match?glob=@/nothing", &["No record has such a ref"]);
    for (path, host, status) in [
        ("/match?glob=%7Ba", "localhost", 400),
        ("/ref/@/custom/missing", "localhost", 404),
        ("/", "evil.example", 421),
    ] {
        let page = view.answer(path, host);
        assert!(
            page.starts_with(&format!("HTTP/1.1 {status}")),
            "{path}: {page}"
        );
    }
    let page = view.answer("/", "localhost");
    assert!(page.contains("default-src 'none'"), "{page}");
}

#[test]
fn without_a_record_there_is_nothing_to_view() {
    let said = Place::of("minimal")
        .run(&["state", "view", "-p", "0"])
        .fails();
    assert!(
        said.errors.contains("nothing is recorded yet"),
        "{}",
        said.errors
    );
}
