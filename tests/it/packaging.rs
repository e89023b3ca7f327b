//! The files around the program fit it, and each other.

use std::collections::BTreeSet;
use std::path::Path;

use clap::CommandFactory;
use ocuroot::cli::Program;

use crate::architecture::source;

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What stands behind `key` in the first line that has it, without quotes.
#[track_caller]
fn value<'text>(text: &'text str, key: &str) -> &'text str {
    let mut lines = text.lines().filter_map(|line| line.trim().split_once(key));
    let (_, rest) = lines.next().unwrap_or_else(|| panic!("no `{key}`"));
    let end = rest.find([' ', '\\']).unwrap_or(rest.len());
    rest[..end].trim_matches('"')
}

#[test]
fn the_image_and_fly_agree_on_port_and_volume() {
    let (image, fly) = (read("Dockerfile"), read("fly.toml"));
    let port = value(&image, "EXPOSE ");
    assert_eq!(value(&image, "OCUROOT_LISTEN="), format!("0.0.0.0:{port}"));
    assert_eq!(value(&fly, "internal_port = "), port);
    assert!(
        image.contains(&format!("/dev/tcp/127.0.0.1/{port} ")),
        "the health check"
    );

    let volume = value(&image, "VOLUME ");
    let database = value(&image, "DATABASE_URL=");
    let file = database.strip_prefix("sqlite://").expect("a file");
    assert_eq!(Path::new(file).parent(), Some(Path::new(volume)));
    assert_eq!(value(&fly, "destination = "), volume);
}

#[test]
fn what_is_asked_for_health_is_answered() {
    let server = read("src/server.rs");
    for (file, path) in [
        ("fly.toml", value(&read("fly.toml"), "path = ")),
        ("Dockerfile", value(&read("Dockerfile"), "'GET ")),
    ] {
        assert!(
            server.contains(&format!(".route(\"{path}\"")),
            "{file}: {path}"
        );
    }
}

#[test]
fn the_image_sets_only_variables_that_exist() {
    let program = Program::command();
    let serve = program.find_subcommand("serve").expect("the verb `serve`");
    let known: BTreeSet<&str> = serve
        .get_arguments()
        .filter_map(|argument| argument.get_env()?.to_str())
        .collect();
    for file in ["Dockerfile", "fly.toml"] {
        let text = read(file);
        let words = text.split(|letter: char| !(letter.is_ascii_uppercase() || letter == '_'));
        for word in words.filter(|word| word.starts_with("OCUROOT_") || word.ends_with("_URL")) {
            assert!(known.contains(word), "{file}: {word}");
        }
    }
}

#[test]
fn fly_builds_a_stage_that_there_is_and_runs_as_nobody_special() {
    let (image, fly) = (read("Dockerfile"), read("fly.toml"));
    let stage = value(&fly, "build-target = ");
    assert!(image.contains(&format!(" AS {stage}\n")), "{stage}");
    let last = image.trim_end().rsplit("\nFROM ").next().expect("a stage");
    assert_eq!(
        last, "server",
        "the default image is the one that never is root"
    );
    let (_, server) = image.split_once(" AS server\n").expect("the stage");
    let (server, _) = server.split_once("\nFROM ").expect("its end");
    assert!(server.contains("\nUSER ocuroot\n"));
}

#[test]
fn the_image_is_built_from_all_that_the_sources_include() {
    let ignored = read(".dockerignore");
    let kept: Vec<&str> = ignored
        .lines()
        .filter_map(|line| line.strip_prefix('!'))
        .collect();
    for name in [
        "Cargo.toml",
        "Cargo.lock",
        "examples",
        "migrations",
        "src",
        "templates",
    ] {
        assert!(kept.contains(&name), "{name}");
    }
    for source in source::below("src") {
        let includes = source.text.split("include_str!(\"").skip(1);
        for include in includes.filter(|_| !source.is_test()) {
            let (name, _) = include.split_once('"').expect("a path");
            let top = name.trim_start_matches("../").split('/').next();
            let top = top.expect("a first part");
            assert!(
                kept.contains(&top),
                "{}: {name} is not in the image's build",
                source.path
            );
        }
    }
}

#[test]
fn the_compilers_agree() {
    let image = read("Dockerfile");
    let used = value(&image, "FROM rust:");
    let used = used.split('-').next().expect("a version");
    let needed = value(&read("Cargo.toml"), "rust-version = ").to_owned();
    let number = |version: &str| -> Vec<u32> {
        let parts = version.split('.');
        parts.map(|part| part.parse().expect("a number")).collect()
    };
    assert!(
        number(used) >= number(&needed),
        "{used} is older than {needed}"
    );
}

#[test]
fn the_log_of_changes_knows_this_version() {
    let heading = format!("## [{}]", env!("CARGO_PKG_VERSION"));
    assert!(read("CHANGELOG.md").contains(&heading), "{heading}");
}
