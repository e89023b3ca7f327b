//! Foreign text in Markdown.

use super::assert_fits;
use super::scene::Scene;
use crate::report::Button;
use crate::report::markdown::{
    LONGEST, block, cell, code, duration, fit, html, link, listed, plain, shortened,
};

#[test]
fn a_code_span_holds_anything() {
    assert_eq!(code("main"), "`main`");
    assert_eq!(code(""), "");
    assert_eq!(code("a`b``c"), "``` a`b``c ```");
    assert_eq!(code(" led"), "`  led `");
    assert_eq!(code("two\nlines | one"), "`two lines | one`");
    assert_eq!(cell(&code("a|b")), "`a\\|b`");
}

#[test]
fn plain_words_format_nothing() {
    assert_eq!(
        plain("a_b *c* <d> [e](f) @g"),
        "a\\_b \\*c\\* \\<d\\> \\[e\\](f) @\u{200b}g"
    );
}

#[test]
fn what_github_would_look_for_in_plain_words_is_not_found() {
    let words =
        "&#64;acme/all fixes #12 and GH-12, see https://github.com/a/b/issues/1 or www.x.example";
    assert_eq!(
        plain(words),
        "&amp;\\#\u{200b}64;acme/all fixes \\#\u{200b}12 and GH\u{200b}-12, see \
         `https://github.com/a/b/issues/1` or `www.x.example`"
    );
}

#[test]
fn what_cannot_be_seen_is_shown() {
    let name = "api\u{202e}gnigats\u{200b}\u{7}";
    let shown = "api\u{fffd}gnigats\u{fffd}\u{fffd}";
    assert_eq!(code(name), format!("`{shown}`"));
    assert_eq!(plain(name), shown);
    assert_eq!(html(name), shown);
    assert!(block(name).contains(shown));
    assert_eq!(
        block("\u{1b}[1;31mred\u{1b}[0m\tand"),
        "```text\nred\tand\n```"
    );
    assert_eq!(plain("👩\u{200d}🚀 a\u{200d}b"), "👩\u{200d}🚀 a\u{fffd}b");
}

#[test]
fn only_the_web_is_linked() {
    let url = |text: &str| Some(text.to_owned());
    assert_eq!(
        link("a", url("https://x.example/(1)").as_ref()),
        "[a](https://x.example/%281%29)"
    );
    assert_eq!(link("a", url("javascript:alert(1)").as_ref()), "a");
    assert_eq!(
        link(
            "a",
            url("https://x.example/\\) [b](https://y\u{202e}<").as_ref()
        ),
        "[a](https://x.example/%5C%29[b]%28https://y%3C)"
    );
    assert_eq!(link("a", None), "a");
}

#[test]
fn durations_read_like_durations() {
    let read: Vec<String> = [-5, 850, 12_000, 185_000, 7_800_000].map(duration).into();
    assert_eq!(read, ["0 ms", "850 ms", "12 s", "3 min 05 s", "2 h 10 min"]);
}

#[test]
fn lists_and_values_are_shortened() {
    let names: Vec<String> = (1..=5).map(|number| number.to_string()).collect();
    assert_eq!(listed(&names[..4]), "1, 2, 3, 4");
    assert_eq!(listed(&names), "1, 2, 3 and 2 more");
    assert_eq!(shortened("größer", 3), "grö…");
    assert_eq!(shortened("größer", 6), "größer");
}

#[test]
fn a_text_is_cut_at_a_line_by_its_bytes() {
    let text = "ü🏃 a line\n".repeat(10_000);
    let cut = fit(text.clone());
    assert!(cut.len() <= LONGEST);
    let kept = cut
        .strip_suffix("\n…and more than fits here.\n")
        .expect("it says so");
    assert!(text.starts_with(kept) && kept.ends_with('\n'));
    assert_eq!(fit("short".to_owned()), "short");
}

#[test]
fn what_a_cut_opens_inside_a_block_is_text() {
    let log = format!("````text\n```\n<details>\n{}````\n", "x\n".repeat(LONGEST));
    let cut = fit(log);
    assert!(
        cut.ends_with("x\n````\n\n…and more than fits here.\n"),
        "{}",
        &cut[cut.len() - 60..]
    );
}

#[test]
fn a_table_of_a_thousand_rows_ends_with_a_whole_one() {
    let keys: Vec<String> = (0..1500)
        .map(|number| format!("deploy/region-{number}"))
        .collect();
    let page = Scene::new(&format!("regions: {}", keys.join(", "))).page();
    assert_fits(&page);
    assert!(page.contains("fits here"));
}

#[test]
fn buttons_keep_to_what_github_takes() {
    for button in [Button::Approve, Button::Retry] {
        assert!(button.label().len() <= 20 && button.identifier().len() <= 20);
        assert!(button.description().len() <= 40, "{}", button.description());
        assert_eq!(Button::from_identifier(button.identifier()), Some(button));
    }
    assert_eq!(Button::from_identifier("delete"), None);
}
