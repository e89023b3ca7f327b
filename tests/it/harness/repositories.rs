//! Repositories the stories are about.

/// The workflow that executes functions, as `ocuroot init` writes it.
pub const RUNNER_WORKFLOW: &str = include_str!("../../../templates/.github/workflows/ocuroot.yml");

/// `acme/shop`: environments and one package with a build, staging, an approval and production.
pub const ENVIRONMENTS: &str = r#"
ocuroot("0.3.0")
register_environment(environment("staging", {"type": "staging"}))
register_environment(environment("production", {"type": "prod"}))
"#;

pub const API: &str = r#"
ocuroot("0.3.0")

def build():
    host.shell("make")
    return done(outputs={"image": "api:1"})

def approve(approval):
    return done(outputs={"by": approval["approved_by"]})

def up(environment, image):
    host.shell("deploy " + image)
    return done(outputs={"url": "https://api." + environment["name"] + ".example"})

def down(environment, image):
    return done()

phase("build", tasks=[task(build, name="build")])
phase("staging", tasks=[
    deploy(e, up=up, down=down, inputs={"image": ref("./task/build#output/image")})
    for e in environments() if e.attributes["type"] == "staging"
])
phase("approval", tasks=[task(approve, name="approval", inputs={"approval": ref("./custom/approval")})])
phase("production", tasks=[
    deploy(e, up=up, down=down, inputs={"image": ref("./task/build#output/image")})
    for e in environments() if e.attributes["type"] == "prod"
])
"#;

/// All files of `acme/shop`.
pub fn shop() -> Vec<(&'static str, Option<&'static str>)> {
    vec![
        ("repo.ocu.star", Some("ocuroot(\"0.3.0\")\n")),
        ("environments.ocu.star", Some(ENVIRONMENTS)),
        ("api/release.ocu.star", Some(API)),
        ("api/main.txt", Some("one\n")),
        (".github/workflows/ocuroot.yml", Some(RUNNER_WORKFLOW)),
    ]
}

/// The files every repository of a story has: settings, environments, the workflow that executes functions, and
/// these.
pub fn with<'a>(files: &[(&'a str, &'a str)]) -> Vec<(&'a str, Option<&'a str>)> {
    let mut all = vec![
        ("repo.ocu.star", Some("ocuroot(\"0.3.0\")\n")),
        ("environments.ocu.star", Some(ENVIRONMENTS)),
        (".github/workflows/ocuroot.yml", Some(RUNNER_WORKFLOW)),
    ];
    all.extend(files.iter().map(|(path, text)| (*path, Some(*text))));
    all
}
