//! `ocuroot preview`: the page of a config file, which reloads when the file changes.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const FILE: &str = r#"
load("lib.star", "up")
def build(): return done()
def check(approval): return done()
phase("build", tasks=[task(build, "build", timeout="10m", retries=2)])
phase("check", tasks=[task(check, "<b>bold", inputs={"approval": ref("./custom/approval")})])
phase("all", tasks=[deploy(e, up, up, inputs={"n": input(ref="./@/custom/n", default=5)}) for e in environments()])
print("a line")
"#;

const PATIENCE: Duration = Duration::from_secs(60);

/// The program, and the folder it shows.
struct Preview {
    child: Child,
    address: SocketAddr,
    directory: TempDir,
}

impl Preview {
    fn start() -> Preview {
        let directory = tempfile::tempdir().expect("a directory");
        for (path, text) in [
            ("repo.ocu.star", ""),
            (
                "environments.ocu.star",
                "register_environment(environment('staging', {'zone': 'eu'}))\nprotect(['staging'], approvals=2)\n",
            ),
            ("api/lib.star", "def up(environment, n): return done()\n"),
            ("api/release.ocu.star", FILE),
        ] {
            let path = directory.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_ocuroot"))
            .args(["preview", "api/release.ocu.star", "-p", "0"])
            .current_dir(directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("standard output"))
            .read_line(&mut line)
            .expect("a line");
        let url = line.split(' ').next().expect("an address");
        let address = url.strip_prefix("http://").expect("an address");
        Preview {
            address: address.parse().expect("an address"),
            child,
            directory,
        }
    }

    fn open(&self, path: &str, host: &str) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("it reads");
        BufReader::new(stream)
    }

    fn get(&self, path: &str) -> String {
        let mut text = String::new();
        let mut answer = self.open(path, &self.address.to_string());
        answer.read_to_string(&mut text).expect("an answer");
        text
    }

    fn write(&self, text: &str) {
        let file = self.directory.path().join("api/release.ocu.star");
        fs::write(file, text).expect("a file");
    }
}

impl Drop for Preview {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_page_shows_phases_with_what_they_need() {
    let preview = Preview::start();
    assert!(preview.address.ip().is_loopback());
    let page = preview.get("/");
    assert!(page.starts_with("HTTP/1.1 200 OK"), "{page}");
    for part in [
        "<h1>api/release.ocu.star</h1>",
        "3 phases · 2 tasks · 1 deployment",
        "build in api/release.ocu.star",
        "at most 10 min",
        "2 retries",
        "&#60;b&#62;bold",
        "waits until somebody sets it",
        "<code>./@/custom/n</code> <span class=\"muted\">or</span> <code>5</code>",
        "up in api/lib.star",
        "zone=eu",
        "protect staging: 2 approvals",
        "<code>api/**</code>, <code>api/lib.star</code>.",
        "<pre>a line\n</pre>",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("<b>bold"), "{page}");
}

#[test]
fn a_change_reloads_the_page_and_an_error_is_shown_where_it_is() {
    let preview = Preview::start();
    let mut events = preview.open("/watch", "localhost");
    let started = Instant::now();
    let mut wait_for = |event: &str| {
        let mut line = String::new();
        while line.trim_end() != format!("event: {event}") {
            line.clear();
            assert_ne!(events.read_line(&mut line).expect("an event in time"), 0);
            // The connection is kept alive by lines of its own.
            assert!(started.elapsed() < PATIENCE, "no {event}");
        }
    };
    wait_for("connected");
    preview.write("x = nope\n");
    wait_for("reload");
    let page = preview.get("/");
    assert!(page.contains("cannot be released"), "{page}");
    assert!(
        page.contains("<code>api/release.ocu.star:1</code>"),
        "{page}"
    );
    fs::remove_file(preview.directory.path().join("api/release.ocu.star")).expect("a file");
    wait_for("reload");
    assert!(preview.get("/").contains("Nothing to show"));
    preview.write("print('back', [e.name for e in environments()])\n");
    wait_for("reload");
    assert!(preview.get("/").contains("back [&#34;staging&#34;]"));
    let more = preview.directory.path().join("more.ocu.star");
    fs::write(more, "register_environment(environment('another'))\n").expect("a file");
    wait_for("reload");
    assert!(preview.get("/").contains("another"));
}

#[test]
fn only_this_machine_is_answered() {
    let preview = Preview::start();
    for (host, status) in [
        ("evil.example", 421),
        ("127.0.0.1.evil.example:80", 421),
        ("", 421),
        ("localhost", 200),
        ("127.0.0.1:1", 200),
    ] {
        let mut line = String::new();
        let mut answer = preview.open("/", host);
        answer.read_line(&mut line).expect("an answer");
        assert!(
            line.starts_with(&format!("HTTP/1.1 {status}")),
            "{host}: {line}"
        );
    }
    let page = preview.get("/");
    assert!(page.contains("default-src 'none'"), "{page}");
}

#[test]
fn a_file_that_is_not_there_is_said_before_anything_is_served() {
    let output = Command::new(env!("CARGO_BIN_EXE_ocuroot"))
        .args(["preview", "missing.ocu.star"])
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("missing.ocu.star cannot be opened"), "{text}");
}
