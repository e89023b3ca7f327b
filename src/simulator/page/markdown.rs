//! Markdown as GitHub shows it, with nothing in it that could act.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, html};

/// Tags that may appear, without attributes.
const TAGS: [&str; 9] = [
    "details", "summary", "br", "sub", "sup", "kbd", "b", "i", "code",
];

/// HTML of a Markdown text. Raw HTML is escaped, but for comments, which vanish, and a few plain tags.
pub(super) fn render(text: &str) -> String {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let events = Parser::new_ext(text, options).map(|event| match event {
        Event::Html(raw) | Event::InlineHtml(raw) => Event::Html(CowStr::from(harmless(&raw))),
        Event::Start(Tag::Link {
            link_type,
            dest_url,
            title,
            id,
        }) => Event::Start(Tag::Link {
            link_type,
            dest_url: safe_url(dest_url),
            title,
            id,
        }),
        Event::Start(Tag::Image {
            link_type,
            dest_url,
            title,
            id,
        }) => Event::Start(Tag::Image {
            link_type,
            dest_url: safe_url(dest_url),
            title,
            id,
        }),
        Event::SoftBreak => Event::HardBreak,
        other => other,
    });
    let mut output = String::new();
    html::push_html(&mut output, events);
    output
}

fn safe_url(url: CowStr<'_>) -> CowStr<'_> {
    let scheme = url
        .split_once(':')
        .map(|(scheme, _)| scheme.to_ascii_lowercase());
    let is_relative = |scheme: &str| scheme.contains(['/', '?', '#']);
    match scheme {
        Some(scheme)
            if !is_relative(&scheme) && !["http", "https", "mailto"].contains(&scheme.as_str()) =>
        {
            CowStr::from("#")
        }
        _ => url,
    }
}

fn harmless(raw: &str) -> String {
    let mut output = String::new();
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('<') {
        output.push_str(&escaped(before));
        if let Some(comment) = after.strip_prefix("!--") {
            rest = comment
                .split_once("-->")
                .map_or("", |(_, remainder)| remainder);
            continue;
        }
        match after.split_once('>') {
            Some((tag, remainder)) if is_plain(tag) => {
                output.push_str(&format!("<{tag}>"));
                rest = remainder;
            }
            _ => {
                output.push_str("&lt;");
                rest = after;
            }
        }
    }
    output.push_str(&escaped(rest));
    output
}

fn is_plain(tag: &str) -> bool {
    let name = tag.trim_start_matches('/').trim_end_matches('/').trim();
    TAGS.contains(&name) || name == "details open"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::render;

    #[test]
    fn nothing_that_acts_gets_through() {
        assert_eq!(render("<!-- ocuroot:pr -->\n"), "\n");
        assert!(render("<script>alert(1)</script>").contains("&lt;script&gt;"));
        assert!(render("a <img src=x onerror=alert(1)> b").contains("&lt;img"));
        assert!(render("[x](javascript:alert(1))").contains("href=\"#\""));
        assert!(render("<details onclick=x>").contains("&lt;details"));
    }

    #[test]
    fn what_people_write_is_rendered() {
        assert!(render("| a |\n|---|\n| **b** |\n").contains("<td><strong>b</strong></td>"));
        assert!(
            render("<details><summary>more</summary>\n\ntext\n\n</details>")
                .contains("<summary>more</summary>")
        );
        assert!(render("[x](http://h/)").contains("href=\"http://h/\""));
    }
}
