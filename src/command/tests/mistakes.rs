//! Every mistake is told what would be right.

use super::{problem, problems};

#[test]
fn verbs() {
    insta::assert_snapshot!(problems(&[
        "/ocuroot depoly production",
        "/ocuroot Status",
        "/ocuroot unlok production",
        "/ocuroot frobnicate",
        "/ocuroot x",
        "/ocuroot undxxxoy",
        "/ocuroot --help",
        "/ocuroot help depoly",
        "/ocuroot help deploy now",
        "/ocuroot is great, isn't it?",
    ]), @"
    /ocuroot depoly production
        there is no command `depoly`; did you mean `/ocuroot deploy`?
    /ocuroot Status
        there is no command `Status`; did you mean `/ocuroot status`?
    /ocuroot unlok production
        there is no command `unlok`; did you mean `/ocuroot unlock`?
    /ocuroot frobnicate
        there is no command `frobnicate`; `/ocuroot help` lists them
    /ocuroot x
        there is no command `x`; `/ocuroot help` lists them
    /ocuroot undxxxoy
        there is no command `undxxxoy`; `/ocuroot help` lists them
    /ocuroot --help
        there is no command `--help`; did you mean `/ocuroot help`?
    /ocuroot help depoly
        there is no command `depoly`; did you mean `/ocuroot deploy`?
    /ocuroot help deploy now
        `now` is too much: `/ocuroot help [verb]`
    /ocuroot is great, isn't it?
        there is no command `is`; `/ocuroot help` lists them
    ");
}

#[test]
fn arguments() {
    insta::assert_snapshot!(problems(&[
        "/ocuroot deploy",
        "/ocuroot lock --reason x",
        "/ocuroot promote",
        "/ocuroot promote staging",
        "/ocuroot promote prod-* staging",
        "/ocuroot promote staging staging",
        "/ocuroot plan now",
        "/ocuroot freeze staging api --reason x",
        "/ocuroot deploy prod/eu",
        "/ocuroot deploy <staging>",
        "/ocuroot deploy type=",
        "/ocuroot deploy prod-[",
        "/ocuroot deploy staging, production",
        "/ocuroot deploy staging ,production",
        "/ocuroot deploy staging,,production",
        "/ocuroot deploy staging api,web",
        "/ocuroot deploy staging ap\"i",
        "/ocuroot deploy staging services/[",
        "/ocuroot deploy \"\"",
    ]), @r#"
    /ocuroot deploy
        say which environment: `/ocuroot deploy <environments> [package…]`, such as `/ocuroot deploy staging`
    /ocuroot lock --reason x
        say which environment: `/ocuroot lock <environments> [package…] --reason "…"`, such as `/ocuroot lock production api --reason "database upgrade" --for 2h`
    /ocuroot promote
        say from where and to where: `/ocuroot promote <from> <to-environments> [package…]`, such as `/ocuroot promote staging production`
    /ocuroot promote staging
        say where to: `/ocuroot promote <from> <to-environments> [package…]`, such as `/ocuroot promote staging production`
    /ocuroot promote prod-* staging
        `prod-*` is not the name of one environment: say from where first, then where to, as in `/ocuroot promote staging production`
    /ocuroot promote staging staging
        `staging` is where the release comes from: say another environment to bring it to
    /ocuroot plan now
        `plan` takes nothing after it, but there is `now`
    /ocuroot freeze staging api --reason x
        `api` is too much: `/ocuroot freeze <environments> --reason "…"`. Several environments have commas between and no spaces, as in `staging,production`
    /ocuroot deploy prod/eu
        `prod/eu` names no environment: write a name (`staging`), a glob (`prod-*`) or an attribute (`type=production`)
    /ocuroot deploy <staging>
        `<staging>` names no environment: write a name (`staging`), a glob (`prod-*`) or an attribute (`type=production`)
    /ocuroot deploy type=
        `type=`: an attribute has a name and a value, such as `type=production`
    /ocuroot deploy prod-[
        `prod-[` is no glob: look at its brackets (`[a-c]`, `{a,b}`)
    /ocuroot deploy staging, production
        in `staging,` a comma has nothing beside it: write several environments with commas and without spaces, as in `staging,production`
    /ocuroot deploy staging ,production
        `,production` has a comma: packages are written with spaces between, as in `api web`, and environments with commas and without spaces, as in `staging,production`
    /ocuroot deploy staging,,production
        in `staging,,production` a comma has nothing beside it: write several environments with commas and without spaces, as in `staging,production`
    /ocuroot deploy staging api,web
        `api,web` has a comma: packages are written with spaces between, as in `api web`, and environments with commas and without spaces, as in `staging,production`
    /ocuroot deploy staging ap"i
        `ap"i` has a quote inside: quotes go around a whole value
    /ocuroot deploy staging services/[
        `services/[` is no glob: look at its brackets (`[a-c]`, `{a,b}`)
    /ocuroot deploy ""
        an empty text names no environment: write a name (`staging`), a glob (`prod-*`) or an attribute (`type=production`)
    "#);
}

#[test]
fn options() {
    insta::assert_snapshot!(problems(&[
        "/ocuroot deploy staging --dry-rum",
        "/ocuroot deploy staging --frobnicate",
        "/ocuroot lock staging --sha 1f0c9e2",
        "/ocuroot plan --release r7",
        "/ocuroot deploy staging --",
        "/ocuroot deploy staging -f",
        "/ocuroot deploy staging --dry-run=yes",
        "/ocuroot deploy staging --dry-run --dry-run",
        "/ocuroot deploy staging --sha 1f0c9e2 --sha=1f0c9e2",
        "/ocuroot deploy staging --sha",
        "/ocuroot deploy staging --sha --dry-run",
        "/ocuroot deploy staging --package=",
        "/ocuroot deploy staging --package \"\"",
        "/ocuroot deploy staging --package a,b",
    ]), @r#"
    /ocuroot deploy staging --dry-rum
        `deploy` has no option `--dry-rum`; did you mean `--dry-run`?
    /ocuroot deploy staging --frobnicate
        `deploy` has no option `--frobnicate`; it has `--package`, `--release`, `--sha`, `--reason`, `--dry-run`, `--break-glass`: see `/ocuroot help deploy`
    /ocuroot lock staging --sha 1f0c9e2
        `lock` has no option `--sha`; it has `--package`, `--reason`, `--for`: see `/ocuroot help lock`
    /ocuroot plan --release r7
        `plan` has no options, but there is `--release`
    /ocuroot deploy staging --
        `deploy` has no option `--`; it has `--package`, `--release`, `--sha`, `--reason`, `--dry-run`, `--break-glass`: see `/ocuroot help deploy`
    /ocuroot deploy staging -f
        `-f` is neither a name nor an option: options begin with two hyphens, such as `--reason`
    /ocuroot deploy staging --dry-run=yes
        `--dry-run` takes no value
    /ocuroot deploy staging --dry-run --dry-run
        `--dry-run` is given twice
    /ocuroot deploy staging --sha 1f0c9e2 --sha=1f0c9e2
        `--sha` is given twice
    /ocuroot deploy staging --sha
        `--sha` needs a value: `--sha <commit>`
    /ocuroot deploy staging --sha --dry-run
        `--sha` needs a value: `--sha <commit>`
    /ocuroot deploy staging --package=
        `--package` needs a value: `--package <glob>`
    /ocuroot deploy staging --package ""
        an empty text names no package: write what it is called (`api`) or a glob (`services/*`)
    /ocuroot deploy staging --package a,b
        `a,b` has a comma: packages are written with spaces between, as in `api web`, and environments with commas and without spaces, as in `staging,production`
    "#);
}

#[test]
fn values_of_options() {
    insta::assert_snapshot!(problems(&[
        "/ocuroot deploy staging --release 7",
        "/ocuroot deploy staging --release r0",
        "/ocuroot deploy staging --sha 1f0c9e",
        "/ocuroot deploy staging --sha main123",
        "/ocuroot pin staging --for 30",
        "/ocuroot pin staging --for m",
        "/ocuroot pin staging --for 2w",
        "/ocuroot pin staging --for 1m1h",
        "/ocuroot pin staging --for 1h1h",
        "/ocuroot pin staging --for 59s",
        "/ocuroot pin staging --for 90d1s",
        "/ocuroot pin staging --for 99999999999999999999d",
        "/ocuroot pin staging --for 2 hours",
    ]), @"
    /ocuroot deploy staging --release 7
        `7` is no release: write its number as in `r7`
    /ocuroot deploy staging --release r0
        `r0` is no release: write its number as in `r7`
    /ocuroot deploy staging --sha 1f0c9e
        `1f0c9e` is no commit: write at least the first 7 digits of its id, as GitHub shows them
    /ocuroot deploy staging --sha main123
        `main123` is no commit: write at least the first 7 digits of its id, as GitHub shows them
    /ocuroot pin staging --for 30
        `30` is no duration: write a number and its unit, such as `30m`, `2h` or `3d`
    /ocuroot pin staging --for m
        `m` is no duration: write a number and its unit, such as `30m`, `2h` or `3d`
    /ocuroot pin staging --for 2w
        `2w` is no duration: write a number and its unit, such as `30m`, `2h` or `3d`
    /ocuroot pin staging --for 1m1h
        `1m1h` is no duration: write a number and its unit, such as `30m`, `2h` or `3d`
    /ocuroot pin staging --for 1h1h
        `1h1h` is no duration: write a number and its unit, such as `30m`, `2h` or `3d`
    /ocuroot pin staging --for 59s
        `59s` is not between a minute and 90 days (`1m` to `90d`)
    /ocuroot pin staging --for 90d1s
        `90d1s` is not between a minute and 90 days (`1m` to `90d`)
    /ocuroot pin staging --for 99999999999999999999d
        `99999999999999999999d` is not between a minute and 90 days (`1m` to `90d`)
    /ocuroot pin staging --for 2 hours
        `2` is no duration: write a number and its unit, such as `30m`, `2h` or `3d`
    ");
}

#[test]
fn reasons() {
    insta::assert_snapshot!(problems(&[
        "/ocuroot lock staging",
        "/ocuroot reject",
        "/ocuroot freeze staging",
        "/ocuroot deploy staging --break-glass",
        "/ocuroot lock staging --reason \" \"",
        "/ocuroot lock staging --reason broken api",
        "/ocuroot lock --reason broken staging",
    ]), @r#"
    /ocuroot lock staging
        `lock` needs a reason, for those who meet it: add `--reason "…"`
    /ocuroot reject
        `reject` needs a reason, for those who meet it: add `--reason "…"`
    /ocuroot freeze staging
        `freeze` needs a reason, for those who meet it: add `--reason "…"`
    /ocuroot deploy staging --break-glass
        `--break-glass` needs a reason, which is recorded: add `--reason "…"`
    /ocuroot lock staging --reason " "
        the reason is empty: say why, as in `--reason "database upgrade"`
    /ocuroot lock staging --reason broken api
        the reason ends before `api`: put it into quotes, as in `--reason "database upgrade"`
    /ocuroot lock --reason broken staging
        the reason ends before `staging`: put it into quotes, as in `--reason "database upgrade"`
    "#);
    for (letter, shown) in [
        ('\u{7}', "U+0007"),
        ('\u{202e}', "U+202E"),
        ('\t', "U+0009"),
    ] {
        let told = problem(&format!("/ocuroot lock staging --reason \"a{letter}b\""));
        assert!(told.contains(shown), "{told}");
    }
    let joined = "/ocuroot lock staging --reason \"👩\u{200d}🚒 at work\"";
    assert!(crate::command::parse(joined)[0].is_ok());
    let long = |length: usize| format!("/ocuroot lock staging --reason {}", "ä".repeat(length));
    assert!(crate::command::parse(&long(500))[0].is_ok());
    insta::assert_snapshot!(problem(&long(501)), @"the reason has 501 characters; at most 500 are kept, so say it shorter");
}

#[test]
fn quotes() {
    insta::assert_snapshot!(problems(&[
        "/ocuroot lock staging --reason \"database upgrade",
        "/ocuroot lock staging --reason='database upgrade",
        "/ocuroot lock staging --reason “database upgrade",
        "/ocuroot lock staging --reason \"a\\\"",
        "/ocuroot lock staging --reason \"a\"b c",
        "/ocuroot status \"",
    ]), @r#"
    /ocuroot lock staging --reason "database upgrade
        the quote before `database upgrade` is not closed: end it with `"`
    /ocuroot lock staging --reason='database upgrade
        the quote before `database upgrade` is not closed: end it with `'`
    /ocuroot lock staging --reason “database upgrade
        the quote before `database upgrade` is not closed: end it with `"`
    /ocuroot lock staging --reason "a\"
        the quote before `a\"` is not closed: end it with `"`
    /ocuroot lock staging --reason "a"b c
        `b` follows a closing quote directly: put all of a value into one pair of quotes, and a space behind it
    /ocuroot status "
        the quote before an empty text is not closed: end it with `"`
    "#);
}

#[test]
fn values() {
    insta::assert_snapshot!(problems(&[
        "/ocuroot set",
        "/ocuroot unset",
        "/ocuroot set approval",
        "/ocuroot set approval=",
        "/ocuroot set =1",
        "/ocuroot set a b=1",
        "/ocuroot set ./custom/a=1",
        "/ocuroot set @/task/a=1",
        "/ocuroot set a//b=1",
        "/ocuroot set note=all is well",
        "/ocuroot set a={\"b\": 1}",
        "/ocuroot set a=1 a=2",
        "/ocuroot unset a a",
        "/ocuroot unset a=1",
        "/ocuroot set a=1 @/custom/b=2 --package api",
        "/ocuroot unset @/custom/b --release r7",
    ]), @r#"
    /ocuroot set
        say which value: `/ocuroot set <name>=<value>…`, such as `/ocuroot set replicas=3 note="all is well"`
    /ocuroot unset
        say which value: `/ocuroot unset <name>…`, such as `/ocuroot unset replicas`
    /ocuroot set approval
        `approval` has no `=`: write `name=value`, and quotes around a value with spaces, as in `note="all is well"` or `sizes='[1, 2]'`
    /ocuroot set approval=
        `approval` has no value: `/ocuroot unset approval` takes it away, `approval=""` makes it an empty text
    /ocuroot set =1
        an empty text cannot be the name of a value: write letters, digits, `.`, `_`, `-` and `/`, as in `approval`, or `@/custom/token` for a value of the whole workspace
    /ocuroot set a b=1
        `a` has no `=`: write `name=value`, and quotes around a value with spaces, as in `note="all is well"` or `sizes='[1, 2]'`
    /ocuroot set ./custom/a=1
        `./custom/a` cannot be the name of a value: write letters, digits, `.`, `_`, `-` and `/`, as in `approval`, or `@/custom/token` for a value of the whole workspace
    /ocuroot set @/task/a=1
        `@/task/a` cannot be the name of a value: write letters, digits, `.`, `_`, `-` and `/`, as in `approval`, or `@/custom/token` for a value of the whole workspace
    /ocuroot set a//b=1
        `a//b` cannot be the name of a value: write letters, digits, `.`, `_`, `-` and `/`, as in `approval`, or `@/custom/token` for a value of the whole workspace
    /ocuroot set note=all is well
        `is` has no `=`: write `name=value`, and quotes around a value with spaces, as in `note="all is well"` or `sizes='[1, 2]'`
    /ocuroot set a={"b": 1}
        `1}` has no `=`: write `name=value`, and quotes around a value with spaces, as in `note="all is well"` or `sizes='[1, 2]'`
    /ocuroot set a=1 a=2
        `a` is named twice
    /ocuroot unset a a
        `a` is named twice
    /ocuroot unset a=1
        `a=1` cannot be the name of a value: write letters, digits, `.`, `_`, `-` and `/`, as in `approval`, or `@/custom/token` for a value of the whole workspace
    /ocuroot set a=1 @/custom/b=2 --package api
        `@/custom/b` belongs to the whole workspace: `--package` and `--release` are for values of releases
    /ocuroot unset @/custom/b --release r7
        `@/custom/b` belongs to the whole workspace: `--package` and `--release` are for values of releases
    "#);
}

#[test]
fn what_is_repeated_of_a_line_formats_nothing_and_is_short() {
    let told = problem("/ocuroot `@everyone`[x](y)\u{7}");
    assert!(problem("/ocuroot deploy \"type=a\u{200b}\"").contains("type=a\u{fffd}"));
    insta::assert_snapshot!(told, @"there is no command `'@everyone'[x](y)�`; `/ocuroot help` lists them");
    for line in [
        format!("/ocuroot {}", "x".repeat(60_000)),
        format!("/ocuroot deploy {}", "x".repeat(60_000)),
        format!("/ocuroot deploy staging {}", "*".repeat(60_000)),
        format!("/ocuroot deploy staging --{}", "x".repeat(60_000)),
        format!("/ocuroot deploy staging --sha {}", "f".repeat(60_000)),
        format!("/ocuroot deploy staging --reason \"{}", "x".repeat(60_000)),
        format!("/ocuroot unset {}", "x".repeat(60_000)),
    ] {
        let told = problem(&line);
        assert!(told.len() < 500, "{told}");
    }
}

#[test]
fn a_command_names_a_bounded_number_of_things() {
    let many = |count: usize| format!("/ocuroot status{}", " api".repeat(count));
    assert!(crate::command::parse(&many(50))[0].is_ok());
    insta::assert_snapshot!(problem(&many(51)), @"a command takes at most 50 names of a kind: use globs, or several commands");
    let environments = vec!["qa"; 51].join(",");
    problem(&format!("/ocuroot deploy {environments}"));
    insta::assert_snapshot!(problem(&many(100)), @"a command has at most 100 words: use globs, or several commands");
}
