//! Foreign text in Markdown.

use ocuroot::report::markdown::{block, cell, code, fit, html, link, plain};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    for quoted in [code(text), plain(text)] {
        assert!(!quoted.contains(['\n', '\r']), "one line stays one line");
        is_inert(&format!("Before {quoted} after."));
        is_inert(&format!(
            "| a | b |\n| --- | --- |\n| {} | x |\n",
            cell(&quoted)
        ));
        assert_eq!(
            cells(&format!(
                "| a | b |\n| --- | --- |\n| {} | x |\n",
                cell(&quoted)
            )),
            4
        );
    }
    is_inert(&format!(
        "<details>\n<summary>{}</summary>\n\nx\n\n</details>\n",
        html(text)
    ));
    let quoted = format!("Before\n\n{}\n\n<b>after", block(text));
    assert!(quoted.ends_with("\n\n<b>after"));
    let inside =
        Parser::new_ext(&quoted, options()).filter(|event| matches!(event, Event::InlineHtml(_)));
    assert_eq!(inside.count(), 1, "a block ends where it ends: {quoted:?}");
    let address = text.to_owned();
    let linked = link("label", Some(&address));
    let mut targets = Parser::new_ext(&linked, options()).filter_map(|event| match event {
        Event::Start(Tag::Link { dest_url, .. }) => Some(dest_url.to_string()),
        _ => None,
    });
    assert!(targets.all(|target| target.starts_with("https://") || target.starts_with("http://")));
    let long = fit(plain(text).repeat(20));
    assert!(long.len() <= 65_535);
}

/// Where the links of a text lead.
#[allow(dead_code, reason = "for the stories in tests/it/security")]
pub fn links(markdown: &str) -> Vec<String> {
    let events = Parser::new_ext(markdown, options());
    let targets = events.filter_map(|event| match event {
        Event::Start(Tag::Link { dest_url, .. }) => Some(dest_url.to_string()),
        _ => None,
    });
    targets.collect()
}

/// What strangers chose in a text of ours is nothing but text: it calls nobody, loads no image, refers to nothing, leads
/// nowhere but to the web, and brings no HTML besides what folds.
pub fn is_inert(markdown: &str) {
    let mut in_code = false;
    let mut visible = String::new();
    for event in Parser::new_ext(markdown, options()) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Start(Tag::Image { .. }) => panic!("an image: {markdown}"),
            Event::Start(Tag::Link { dest_url, .. }) => {
                assert!(dest_url.starts_with("http"), "{dest_url} in {markdown}");
            }
            Event::Html(html) | Event::InlineHtml(html) => is_ours(&html, markdown),
            Event::Text(text) if !in_code => visible.push_str(&text),
            Event::Code(_) | Event::SoftBreak | Event::HardBreak => visible.push(' '),
            Event::End(_) => visible.push('\n'),
            _ => {}
        }
    }
    calls_nobody(&visible, markdown);
    let is_deceptive = |letter: char| matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}');
    assert!(
        !markdown.contains(is_deceptive),
        "text that runs backwards: {markdown:?}"
    );
}

/// GitHub looks for names and numbers in the text that is shown, not in the Markdown.
fn calls_nobody(visible: &str, markdown: &str) {
    let letters: Vec<char> = visible.chars().collect();
    for pair in letters.windows(2) {
        let is_called = pair[0] == '@' && pair[1].is_ascii_alphanumeric();
        assert!(!is_called, "somebody is called: {markdown:?}");
        let is_referred_to = pair[0] == '#' && pair[1].is_ascii_digit();
        assert!(!is_referred_to, "something is referred to: {markdown:?}");
    }
}

fn is_ours(html: &str, markdown: &str) {
    const OURS: [&str; 6] = [
        "<details>",
        "</details>",
        "<summary>",
        "</summary>",
        "<br>",
        "<!-- ",
    ];
    let mut tags = html.match_indices('<').map(|(at, _)| &html[at..]);
    let is_ours = tags.all(|tag| OURS.iter().any(|own| tag.starts_with(own)));
    assert!(is_ours, "HTML of somebody else: {html} in {markdown}");
}

fn cells(markdown: &str) -> usize {
    let events = Parser::new_ext(markdown, options());
    events
        .filter(|event| matches!(event, Event::Start(Tag::TableCell)))
        .count()
}

fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS
}
