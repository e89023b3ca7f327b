use super::{Reference, canonical_repository};
use crate::model::PackageName;

fn parsed(text: &str) -> String {
    match text.parse::<Reference>() {
        Ok(reference) => format!(
            "repo={} file={} global={} release={:?} sub={} fragment={:?}",
            reference.repository,
            reference.path,
            reference.global,
            reference.release,
            reference
                .subpath
                .as_ref()
                .map_or(String::new(), |(kind, name)| format!(
                    "{}:{name}",
                    kind.as_str()
                )),
            reference.fragment,
        ),
        Err(error) => format!("error: {}", error.problem),
    }
}

#[test]
fn reads_the_vectors_of_the_original() {
    let vectors = [
        "",
        ".",
        "@/environment/prod",
        "+/environment/prod",
        "@/environment/prod/",
        "@r1",
        "./@/task/build#output/x",
        "./task/build/",
        "./call/build#output/x",
        "./-/a.ocu.star/@/deploy/prod/#output/m",
        "//a/b.ocu.star/@r5/custom/approval",
        "a.ocu.star/@r1#commit",
        "a.ocu.star@r1",
        "github.com/o/r/-",
        "github.com/o/r/-/",
        "github.com/o/r/-x",
        "github.com/o/r/-/p/@r1/deploy/prod=1",
        "github.com/o/r/-/p/@r1/deploy/prod/@x",
        "github.com/o/r/-/p/@r1/deploy#f",
        "github.com/o/r/-/p/+v1/task/b",
        "./task",
        "a.ocu.star/@r1/",
        "a.ocu.star/@r1/task",
        "a.ocu.star/@r1/task/",
        "ssh/-/a/-/b/@r1",
        "repo.git/package/@/invalid/sub/path",
        "a/../b/@r1",
        "x/-/p/@r1/custom/../../y",
        "x/-/p/@0.1.0-1/custom/a/b",
        "github.com/o/r/-/p#frag",
        "github.com/o/r/-/a#b/@r1#commit",
        "github.com/o/-r/-/-x/p/@r1/custom/-y/-/z",
        "github.com/o/r/-/+page/p/@r1",
        "/srv/r/-/p/@r1",
        "a b/-/p/@r1",
    ];
    let table: String = vectors
        .iter()
        .map(|text| format!("{text}\n    {}\n", parsed(text)))
        .collect();
    insta::assert_snapshot!(table);
}

#[test]
fn prints_what_it_reads() {
    for text in [
        "@/environment/prod",
        "@r1",
        "./@/task/build#output/x",
        "./task/build",
        "github.com/o/r/-/p.star/@r1/deploy/prod#output/url",
        "github.com/o/r/-/@v3",
        "@/custom/a/b",
    ] {
        let reference: Reference = text.parse().expect(text);
        assert_eq!(reference.to_string(), text);
    }
}

#[test]
fn resolves_against_the_release_that_reads() {
    let package = PackageName {
        repository: "github.com/o/r".into(),
        path: "p.star".into(),
    };
    let vectors = [
        ("./task/build", "github.com/o/r/-/p.star/@r3/task/build"),
        ("./@/task/build", "github.com/o/r/-/p.star/@/task/build"),
        ("./custom/a", "github.com/o/r/-/p.star/@r3/custom/a"),
        (
            "./-/q.star/@/deploy/x#output/y",
            "github.com/o/r/-/q.star/@/deploy/x#output/y",
        ),
        ("./-/q.star", "github.com/o/r/-/q.star/@"),
        (
            "./-/q.star/@v2/deploy/x",
            "github.com/o/r/-/q.star/@v2/deploy/x",
        ),
        ("./@v9/task/b", "github.com/o/r/-/p.star/@v9/task/b"),
        ("//q.star/@/deploy/x", "github.com/o/r/-/q.star/@/deploy/x"),
        ("@/environment/p", "@/environment/p"),
        ("x/y/-/q.star/@", "x/y/-/q.star/@"),
        ("@/task/b#output/c", "@/task/b#output/c"),
    ];
    for (text, expected) in vectors {
        let reference: Reference = text.parse().expect(text);
        assert_eq!(reference.relative_to(&package, "r3").to_string(), expected);
    }
}

#[test]
fn resolves_against_the_directory_it_is_typed_in() {
    let vectors = [
        ("q.star", "github.com/o/r/-/sub/q.star"),
        ("./q.star", "github.com/o/r/-/sub/q.star"),
        ("../q.star", "github.com/o/r/-/q.star"),
        ("./../q.star/@r1", "github.com/o/r/-/q.star/@r1"),
        ("//q.star", "github.com/o/r/-/q.star"),
        ("./-/other/q.star/@v2", "github.com/o/r/-/other/q.star/@v2"),
        (".", "github.com/o/r/-/sub"),
        ("..", "github.com/o/r/-"),
        ("./@v3", "github.com/o/r/-/sub/@v3"),
        (
            "q.star/@r1/custom/x#y",
            "github.com/o/r/-/sub/q.star/@r1/custom/x#y",
        ),
        ("./task/build", "github.com/o/r/-/sub/task/build"),
        ("@/environment/p", "@/environment/p"),
        ("x/y/-/q.star/@", "x/y/-/q.star/@"),
    ];
    for (text, expected) in vectors {
        let reference = Reference::typed_in(text, "github.com/o/r", "sub").expect(text);
        assert_eq!(reference.to_string(), expected, "{text}");
    }
    let at_root = Reference::typed_in("./@v3", "minimal/repo.git", "").expect("a ref");
    assert_eq!(at_root.to_string(), "minimal/repo.git/-/@v3");
}

#[test]
fn what_is_typed_never_leads_out_of_the_repository() {
    for text in [
        "../../q.star",
        "../..",
        "..//q.star",
        "../@/environment/x",
        "a/../../q.star",
        "../x/-/q",
    ] {
        assert!(
            Reference::typed_in(text, "github.com/o/r", "sub").is_err(),
            "{text}"
        );
    }
    assert!(Reference::typed_in("q.star", "/srv/r", "").is_err());
}

#[test]
fn one_repository_has_one_name() {
    let vectors = [
        ("git@github.com:acme/shop.git", "github.com/acme/shop"),
        ("https://github.com/acme/shop.git", "github.com/acme/shop"),
        (
            "https://alice:t0ken@GitHub.com/acme/shop/",
            "github.com/acme/shop",
        ),
        (
            "ssh://git@github.com:22/acme/shop.git",
            "github.com/acme/shop",
        ),
        ("/srv/git/shop.git", "srv/git/shop"),
        ("file:///srv/git/shop", "srv/git/shop"),
        ("./shop", "shop"),
    ];
    for (url, expected) in vectors {
        assert_eq!(canonical_repository(url).as_deref(), Ok(expected), "{url}");
    }
    for url in ["", "/", "../shop", "https://h/a/-/b", "h/a b"] {
        assert!(canonical_repository(url).is_err(), "{url}");
    }
}

/// Found by fuzzing: these were read, and what they print was another ref or none.
#[test]
fn what_would_not_read_back_is_refused() {
    for text in [
        "-/x/@",
        "//-/x",
        "/@/deploy/x",
        "//a/-/b/@",
        "x/-//@r1",
        "a//@r1",
        "///@",
    ] {
        let found = text.parse::<Reference>();
        assert!(found.is_err(), "{text} became {found:?}");
    }
}

#[test]
fn a_fragment_tells_no_key_from_null() {
    let document = serde_json::json!({ "output": { "url": null, "ports": [80, 443] } });
    let read = |text: &str| {
        let reference: Reference = text.parse().expect(text);
        reference.within(&document).cloned()
    };
    assert_eq!(read("@/custom/x#output/url"), Some(serde_json::Value::Null));
    assert_eq!(read("@/custom/x#output/other"), None);
    assert_eq!(read("@/custom/x#output/url/deeper"), None);
    assert_eq!(read("@/custom/x#output/ports/1"), Some(443.into()));
    assert_eq!(read("@/custom/x"), Some(document.clone()));
}

/// Whatever is put together from parts that the grammar allows reads back as it was.
#[test]
fn everything_the_grammar_allows_reads_back() {
    let repositories = ["", ".", "github.com/o/r", "github.com/-o/r.git", "a"];
    let paths = ["", ".", "p.star", "a/-b/p.star", "p#q.star", "a/.b/c"];
    let releases = [None, Some(""), Some("r1"), Some("0.1.0-1"), Some("v1#")];
    let subpaths = [
        None,
        Some("task/build"),
        Some("deploy/p/2/status/failed"),
        Some("custom/-/a b/+c"),
    ];
    let fragments = [None, Some("output"), Some("a/b#c")];
    let mut count = 0;
    for (repository, path) in repositories
        .iter()
        .flat_map(|one| paths.iter().map(move |two| (*one, *two)))
    {
        for (release, subpath) in releases
            .iter()
            .flat_map(|one| subpaths.iter().map(move |two| (*one, *two)))
        {
            for fragment in fragments {
                let begin = [
                    repository,
                    if repository.is_empty() { "" } else { "-" },
                    path,
                ];
                let release = release.map(|release| format!("@{}", release.trim_end_matches('#')));
                let parts = begin
                    .iter()
                    .copied()
                    .chain(release.as_deref())
                    .chain(subpath);
                let text = parts
                    .filter(|part| !part.is_empty())
                    .collect::<Vec<_>>()
                    .join("/");
                let text = format!(
                    "{text}{}",
                    fragment.map(|keys| format!("#{keys}")).unwrap_or_default()
                );
                let Ok(reference) = text.parse::<Reference>() else {
                    continue;
                };
                count += 1;
                assert_eq!(
                    reference.to_string().parse::<Reference>().as_ref(),
                    Ok(&reference),
                    "{text}"
                );
            }
        }
    }
    assert!(count > 1000, "{count}");
}
