//! The workspace of the demo: `examples/demo`, carried in the program.

use crate::RUNNER_WORKFLOW;
use crate::simulator::{Refusal, Simulator};

/// The repository with the environments and the API.
pub const PLATFORM: &str = "acme/platform";

/// The repository with the frontend, which needs the API.
pub const STOREFRONT: &str = "acme/storefront";

const PLATFORM_FILES: [(&str, &str); 7] = [
    (
        "repo.ocu.star",
        include_str!("../../examples/demo/platform/repo.ocu.star"),
    ),
    (
        "environments.ocu.star",
        include_str!("../../examples/demo/platform/environments.ocu.star"),
    ),
    (
        "api/release.ocu.star",
        include_str!("../../examples/demo/platform/api/release.ocu.star"),
    ),
    (
        "api/build.sh",
        include_str!("../../examples/demo/platform/api/build.sh"),
    ),
    (
        "api/deploy.sh",
        include_str!("../../examples/demo/platform/api/deploy.sh"),
    ),
    (
        "api/greeting.txt",
        include_str!("../../examples/demo/platform/api/greeting.txt"),
    ),
    (".github/workflows/ocuroot.yml", RUNNER_WORKFLOW),
];

const STOREFRONT_FILES: [(&str, &str); 6] = [
    (
        "repo.ocu.star",
        include_str!("../../examples/demo/storefront/repo.ocu.star"),
    ),
    (
        "frontend/release.ocu.star",
        include_str!("../../examples/demo/storefront/frontend/release.ocu.star"),
    ),
    (
        "frontend/index.html",
        include_str!("../../examples/demo/storefront/frontend/index.html"),
    ),
    (
        ".github/workflows/build.yml",
        include_str!("../../examples/demo/storefront/.github/workflows/build.yml"),
    ),
    (
        ".github/workflows/deploy.yml",
        include_str!("../../examples/demo/storefront/.github/workflows/deploy.yml"),
    ),
    (
        ".github/workflows/remove.yml",
        include_str!("../../examples/demo/storefront/.github/workflows/remove.yml"),
    ),
];

/// Creates both repositories, empty, with the App installed on them, and the people who work there.
///
/// # Errors
/// When they exist already.
pub fn create_repositories(github: &Simulator) -> Result<(), Refusal> {
    for repository in [PLATFORM, STOREFRONT] {
        github.create_repository(repository, true)?;
        github.set_permission(repository, "alice", "write")?;
        github.set_permission(repository, "bob", "admin")?;
        github.set_permission(repository, "carol", "read")?;
    }
    Ok(())
}

/// Pushes the environments and the API.
///
/// # Errors
/// When the repository is missing.
pub fn push_platform(github: &Simulator) -> Result<(), Refusal> {
    push(
        github,
        PLATFORM,
        &PLATFORM_FILES,
        "Release the API",
        "alice",
    )
}

/// Pushes the frontend.
///
/// # Errors
/// When the repository is missing.
pub fn push_storefront(github: &Simulator) -> Result<(), Refusal> {
    push(
        github,
        STOREFRONT,
        &STOREFRONT_FILES,
        "Release the frontend",
        "bob",
    )
}

fn push(
    github: &Simulator,
    repository: &str,
    files: &[(&str, &str)],
    message: &str,
    user: &str,
) -> Result<(), Refusal> {
    let files: Vec<(&str, Option<&str>)> = files
        .iter()
        .map(|(path, text)| (*path, Some(*text)))
        .collect();
    github.push(repository, "main", &files, message, user)?;
    Ok(())
}
