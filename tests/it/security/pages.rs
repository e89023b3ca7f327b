//! Words of strangers on the pages that this program shows. `ocuroot preview` has its own in `tests/it/preview.rs`.

use std::path::Path;

use ocuroot::simulator::NewPullRequest;

use crate::harness::App;

const HOSTILE: &str = "<script>alert(1)</script> <img src=x onerror=alert(1)> [a](javascript:alert(1)) \
    <details ontoggle=alert(1) open> <a href=\"data:text/html,x\">x</a> \"><svg onload=alert(1)>";

#[tokio::test]
async fn what_people_write_does_nothing_on_the_simulators_pages() {
    let app = App::with_shop().await;
    app.push(&[("a.txt", Some("a\n"))], HOSTILE);
    let new = NewPullRequest {
        title: HOSTILE.to_owned(),
        body: HOSTILE.to_owned(),
        branch: "change".to_owned(),
        files: vec![("a.txt".to_owned(), Some(HOSTILE.to_owned()))],
        user: "mallory".to_owned(),
        ..NewPullRequest::default()
    };
    let number = app.github.open_pull_request("acme/shop", new).unwrap();
    app.say(number, "mallory", HOSTILE).await;
    for path in ["/", "/acme/shop", &format!("/acme/shop/pull/{number}")] {
        let answer = reqwest::get(format!("{}{path}", app.github.url()))
            .await
            .unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        let page = answer.text().await.unwrap().to_ascii_lowercase();
        for part in [
            "<script>alert",
            "<img",
            "href=\"javascript:",
            "<details on",
            "<svg",
            "<a href=\"data:",
        ] {
            assert!(!page.contains(part), "{path}: {part}\n{page}");
        }
    }
    app.finish().await;
}

/// Templates escape what is put into them. Where one does not, the text was made by `simulator::page::markdown`.
#[test]
fn only_rendered_markdown_goes_into_a_page_as_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut open = vec![root];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                let uses = text.match_indices("safe }}").map(|(at, _)| &text[..at]);
                let names = uses.filter_map(|before| before.rsplit("{{ ").next());
                found.extend(names.map(str::to_owned));
            }
        }
    }
    found.sort();
    assert_eq!(
        found,
        ["body|", "check.summary|", "check.text|", "comment.html|"]
    );
}
