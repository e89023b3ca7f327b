use super::{Glob, Part};

fn glob(text: &str) -> Glob {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

const REFS: [&str; 20] = [
    "@/environment/staging",
    "@/environment/production",
    "@/custom/a/b",
    "github.com/o/r/-/repo.ocu.star/@",
    "github.com/o/r/-/repo.ocu.star/@abc",
    "github.com/o/r/-/repo.ocu.star/@abc/push/index",
    "github.com/o/r/-/api/p.star/@",
    "github.com/o/r/-/api/p.star/@r1",
    "github.com/o/r/-/api/p.star/@v1",
    "github.com/o/r/-/api/p.star/@r1/commit/abc",
    "github.com/o/r/-/api/p.star/@r1/task/build",
    "github.com/o/r/-/api/p.star/@/deploy/production",
    "github.com/o/r/-/api/p.star/@r1/deploy/production",
    "github.com/o/r/-/api/p.star/@r1/deploy/production/2",
    "github.com/o/r/-/api/p.star/@r1/deploy/production/2/logs",
    "github.com/o/r/-/api/p.star/@r1/deploy/production/2/status/failed",
    "github.com/o/r/-/api/p.star/@r1/op/check_envs",
    "github.com/o/r/-/api/p.star/@r1/custom/a",
    "github.com/o/r/-/api/p.star/@r1/custom/a/b",
    "github.com/o/r/-/api/p.star/@/custom/a",
];

#[test]
fn means_the_refs_that_the_patterns_of_the_original_mean() {
    let globs = [
        "**/-/repo.ocu.star/@*",
        "**/@*",
        "**/@",
        "**/@r*",
        "**/@*/{task,deploy}/*",
        "**/@*/deploy/*",
        "**/@/deploy/production",
        "**/@*/{task,deploy}/*/*",
        "**/@*/{task,deploy}/*/*/logs",
        "**/@*/*/*/*/status/{pending,running,failed}",
        "**/@*/op/*",
        "**/@*/custom/*",
        "**/@*/custom/**",
        "@*/environment/*",
        "@/environment/prod*",
        "**/@/**",
        "github.com/o/r/-/api/**",
        "github.com/o/*/-/**/@r?/deploy/[!s]*",
        "github.com/o/r/-/api/p.star/@r1/{commit/[a-c]bc,{task,op}/*}",
    ];
    let mut table = String::new();
    for text in globs {
        let glob = glob(text);
        table.push_str(&format!("{text}\n"));
        for reference in REFS.iter().filter(|text| glob.matches(text)) {
            table.push_str(&format!("    {reference}\n"));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn one_with_releases_never_means_a_global_ref() {
    for text in ["**/@*", "**/@/**", "**/@*/environment/*"] {
        assert!(!glob(text).matches("@/environment/staging"), "{text}");
        assert!(!glob(text).matches("@"), "{text}");
    }
    assert!(glob("**").matches("@/environment/staging"));
}

/// Every reading of every glob and text of a small alphabet, against the definition.
#[test]
fn reads_like_its_definition() {
    fn is_read(glob: &[char], text: &[char]) -> bool {
        match glob {
            [] => text.is_empty(),
            ['*', '*', rest @ ..] => (0..=text.len()).any(|skip| is_read(rest, &text[skip..])),
            ['*', rest @ ..] => {
                let segment = text
                    .iter()
                    .take_while(|character| **character != '/')
                    .count();
                (0..=segment).any(|skip| is_read(rest, &text[skip..]))
            }
            ['?', rest @ ..] => {
                text.first().is_some_and(|first| *first != '/') && is_read(rest, &text[1..])
            }
            [own, rest @ ..] => text.first() == Some(own) && is_read(rest, &text[1..]),
        }
    }
    fn words(alphabet: &[&str], length: usize) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut last = words.clone();
        for _ in 0..length {
            let longer =
                |word: &String| alphabet.iter().map(|end| format!("{word}{end}")).collect();
            last = last
                .iter()
                .flat_map(|word| -> Vec<String> { longer(word) })
                .collect();
            words.extend(last.iter().cloned());
        }
        words
    }
    for text in words(&["a", "/", "*", "?"], 5).into_iter().skip(1) {
        let (glob, written) = (glob(&text), text.chars().collect::<Vec<_>>());
        for word in words(&["a", "/"], 4) {
            let expected = is_read(&written, &word.chars().collect::<Vec<_>>());
            assert_eq!(glob.matches(&word), expected, "{text} and {word}");
        }
    }
}

#[test]
fn what_it_says_of_the_parts_is_true_of_all_it_means() {
    let globs = [
        "**",
        "**/@*",
        "**/@/deploy/production",
        "github.com/o/r/-/api/**",
        "github.com/**/@r1/**",
        "@/custom/**",
        "@*/environment/*",
        "**/@*/*/*/*/status/*",
        "*/o/r/-/*/p.star/@*/t*/*",
        "**/@*/{task,deploy}/prod*",
        "**1/deploy/**",
        "github.com/o/r/-/api/p.star/@r1**",
    ];
    for text in globs {
        for alternative in glob(text).alternatives() {
            let bounds = &alternative.bounds;
            for reference in REFS.iter().filter(|text| alternative.pattern.matches(text)) {
                let (place, rest) = match reference.strip_prefix('@') {
                    Some(rest) => ("", rest),
                    None => reference.split_once("/@").expect("a release"),
                };
                let (repository, path) = place.split_once("/-/").unwrap_or(("", ""));
                let (release, tail) = rest.split_once('/').unwrap_or((rest, ""));
                let depth = tail
                    .split('/')
                    .filter(|segment| !segment.is_empty())
                    .count();
                assert!(reference.starts_with(&bounds.prefix), "{text}: {reference}");
                assert!(bounds.repository.allows(repository), "{text}: {reference}");
                assert!(bounds.path.allows(path), "{text}: {reference}");
                assert!(bounds.release.allows(release), "{text}: {reference}");
                assert!(bounds.tail.allows(tail), "{text}: {reference}");
                assert!(bounds.allows_depth(depth), "{text}: {reference}");
                assert!(
                    bounds.place.as_ref().is_none_or(|own| own.matches(place)),
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn knows_what_an_index_can_use() {
    let latest = glob("**/@/deploy/production");
    let bounds = &latest.alternatives()[0].bounds;
    assert_eq!(bounds.release, Part::Exact(String::new()));
    assert_eq!(
        bounds.named(),
        Some(("deploy", Part::Exact("production".to_owned())))
    );
    assert_eq!(bounds.most, Some(2));
    let below = glob("github.com/o/r/-/api/**");
    let bounds = &below.alternatives()[0].bounds;
    assert_eq!(bounds.prefix, "github.com/o/r/-/api/");
    assert_eq!(bounds.repository.exact(), Some("github.com/o/r"));
    assert_eq!(bounds.path, Part::Prefix("api".to_owned()));
    let waiting = glob("**/@*/*/*/*/status/{pending,running}");
    let words: Vec<_> = waiting
        .alternatives()
        .iter()
        .map(|one| one.bounds.status.clone())
        .collect();
    assert_eq!(
        words,
        [Some("pending".to_owned()), Some("running".to_owned())]
    );
}

#[test]
fn says_what_is_wrong() {
    let texts = [
        "",
        "a{b",
        "a[b",
        "a[]",
        "a[z-a]",
        "a\\",
        "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}",
    ];
    let mut table = String::new();
    for text in texts {
        table.push_str(&format!("{}\n", text.parse::<Glob>().expect_err(text)));
    }
    insta::assert_snapshot!(table);
}

#[test]
fn escaped_text_means_itself() {
    for text in ["a*b", "a{b,c}", "[x]", "a?\\"] {
        assert!(glob(&Glob::escaped(text)).matches(text));
        assert!(!glob(&Glob::escaped(text)).matches("ab"));
    }
}
