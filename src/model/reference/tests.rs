use super::Reference;
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
