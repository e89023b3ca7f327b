//! Config files to learn from, carried in the program.

/// A repository or package with its config files.
pub(super) struct Example {
    /// What it is asked for by.
    pub(super) name: &'static str,
    /// What it shows.
    pub(super) about: &'static str,
    files: &'static [(&'static str, &'static str)],
}

/// All of them.
pub(super) const EXAMPLES: [Example; 3] = [
    Example {
        name: "starter",
        about: "What `ocuroot init` writes: two environments, one package",
        files: &[
            (
                "repo.ocu.star",
                include_str!("../../../templates/repo.ocu.star"),
            ),
            (
                "environments.ocu.star",
                include_str!("../../../templates/environments.ocu.star"),
            ),
            (
                "release.ocu.star",
                include_str!("../../../templates/release.ocu.star"),
            ),
        ],
    },
    Example {
        name: "functions",
        about: "Environments with rules, and an API that Starlark functions build and deploy",
        files: &[
            (
                "repo.ocu.star",
                include_str!("../../../examples/demo/platform/repo.ocu.star"),
            ),
            (
                "environments.ocu.star",
                include_str!("../../../examples/demo/platform/environments.ocu.star"),
            ),
            (
                "api/release.ocu.star",
                include_str!("../../../examples/demo/platform/api/release.ocu.star"),
            ),
        ],
    },
    Example {
        name: "workflows",
        about: "A frontend that the repository's own GitHub Actions workflows release; it needs another repository's API",
        files: &[
            (
                "repo.ocu.star",
                include_str!("../../../examples/demo/storefront/repo.ocu.star"),
            ),
            (
                "frontend/release.ocu.star",
                include_str!("../../../examples/demo/storefront/frontend/release.ocu.star"),
            ),
        ],
    },
];

impl Example {
    /// Its files, one after the other.
    pub(super) fn text(&self) -> String {
        let files = self.files.iter();
        let parts: Vec<String> = files
            .map(|(path, text)| format!("# file: {path}\n{text}"))
            .collect();
        parts.join("\n")
    }
}
