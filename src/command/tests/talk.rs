//! Talk about commands is no command.

use crate::command::parse;

fn count(comment: &str) -> usize {
    parse(comment).len()
}

#[test]
fn talk_about_commands_is_not_a_command() {
    for talk in [
        "please /ocuroot deploy production",
        "> /ocuroot deploy production",
        "    /ocuroot deploy production",
        " /ocuroot deploy production",
        "\t/ocuroot deploy production",
        "- /ocuroot deploy production",
        "1. /ocuroot deploy production",
        "`/ocuroot deploy production`",
        "/ocurooted deploy production",
        "/ocuroot-deploy production",
        "/Ocuroot deploy production",
        "```\n/ocuroot deploy production\n```",
        "```sh\n/ocuroot deploy production\n```",
        "~~~sh\n```\n/ocuroot deploy production\n~~~",
        "````\n```\n/ocuroot deploy production\n```\n````",
        "```\n```js\n/ocuroot deploy production\n```",
        "  ```\n/ocuroot deploy production\n```",
        "- ```\n/ocuroot deploy production\n  ```",
        "2) - ```\n/ocuroot deploy production\n  ```",
        "```\n/ocuroot deploy production",
        "<!--\n/ocuroot deploy production\n-->",
        "<!--\nnote\n/ocuroot deploy production\n-->",
        "<!-- a --> <!--\n/ocuroot deploy production\n-->",
        "<!--\n```\n-->\n```\n/ocuroot deploy production\n```",
        "",
    ] {
        assert_eq!(count(talk), 0, "{talk}");
    }
}

#[test]
fn commands_beside_talk_are_commands() {
    for comment in [
        "Looks good!\n/ocuroot status",
        "```\n/ocuroot retry\n```\n/ocuroot status",
        "````\n/ocuroot retry\n`````\n/ocuroot status",
        "```not a fence```\n/ocuroot status",
        "- ```\n  /ocuroot retry\n  ```\n/ocuroot status",
        "<!-- note -->\n/ocuroot status",
        "<!--\nnote\n-->\n/ocuroot status",
        "The mark `<!--` opens a comment.\n/ocuroot status",
        "> quoted\n/ocuroot status\n> quoted",
        "> ```\n> /ocuroot retry\n\n/ocuroot status",
        "/ocuroot status <!-- now -->",
        "/ocuroot\tstatus",
    ] {
        assert_eq!(count(comment), 1, "{comment}");
    }
}
