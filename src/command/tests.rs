use super::{Command, help::help, parse};

fn read(comment: &str) -> Vec<String> {
    parse(comment)
        .into_iter()
        .map(|result| match result {
            Ok(command) => format!("{command:?}"),
            Err(error) => format!("error: {error}"),
        })
        .collect()
}

#[test]
fn reads_one_command_a_line() {
    let comment = "Looks good!\n/ocuroot deploy staging\n/ocuroot deploy production api frontend\n\
                   /ocuroot approve\n/ocuroot retry api\n/ocuroot status\n/ocuroot\n";
    insta::assert_snapshot!(read(comment).join("\n"), @r#"
    Deploy { environment: EnvironmentName("staging"), packages: [] }
    Deploy { environment: EnvironmentName("production"), packages: ["api", "frontend"] }
    Approve { packages: [] }
    Retry { packages: ["api"] }
    Status
    Help
    "#);
}

#[test]
fn talk_about_commands_is_not_a_command() {
    for talk in [
        "please /ocuroot deploy production",
        "> /ocuroot deploy production",
        "    /ocuroot deploy production",
        "```\n/ocuroot deploy production\n```",
        "~~~sh\n```\n/ocuroot deploy production\n~~~",
        "<!--\n/ocuroot deploy production\n-->",
        "`/ocuroot deploy production`",
        "/ocurooted deploy production",
        "- /ocuroot deploy production",
    ] {
        assert_eq!(read(talk), Vec::<String>::new(), "{talk}");
    }
    assert_eq!(read("```\n/ocuroot retry\n```\n/ocuroot status").len(), 1);
    assert_eq!(read("<!-- note -->\n/ocuroot status").len(), 1);
}

#[test]
fn mistakes_are_explained() {
    let comment = "/ocuroot depoly production\n/ocuroot frobnicate\n/ocuroot deploy\n\
                   /ocuroot deploy prod/eu\n/ocuroot status now\n/ocuroot retry --all";
    insta::assert_snapshot!(read(comment).join("\n"), @r"
    error: `/ocuroot depoly production`: there is no command `depoly`; did you mean `/ocuroot deploy`?
    error: `/ocuroot frobnicate`: there is no command `frobnicate`; `/ocuroot help` lists them
    error: `/ocuroot deploy`: say where to: `/ocuroot deploy <environment>`, such as `/ocuroot deploy staging`
    error: `/ocuroot deploy prod/eu`: environment names may only contain letters, numbers, periods, hyphens and underscores: `prod/eu`
    error: `/ocuroot status now`: `status` takes nothing after it, but there is `now`
    error: `/ocuroot retry --all`: `--all` is not an option of `retry`
    ");
}

#[test]
fn the_help_teaches_every_command() {
    insta::assert_snapshot!(help());
    for verb in super::parse::VERBS {
        assert!(help().contains(&format!("/ocuroot {verb}")), "{verb}");
    }
    assert!(matches!(parse("/ocuroot help")[..], [Ok(Command::Help)]));
}
