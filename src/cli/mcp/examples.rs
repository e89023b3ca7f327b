//! Config files to learn from, carried in the program.

/// A repository or package with its config files.
pub(super) struct Example {
    /// What it is asked for by.
    pub(super) name: &'static str,
    /// What it shows.
    pub(super) about: &'static str,
    files: &'static [(&'static str, &'static str)],
}

/// The files of a folder below `examples/`.
macro_rules! files {
    ($folder:literal: $($path:literal),+ $(,)?) => {
        &[$((
            $path,
            include_str!(concat!("../../../examples/", $folder, "/", $path)),
        )),+]
    };
}

/// All of them.
pub(super) const EXAMPLES: [Example; 10] = [
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
        files: files!("demo/platform":
            "repo.ocu.star",
            "environments.ocu.star",
            "api/release.ocu.star",
        ),
    },
    Example {
        name: "workflows",
        about: "A frontend that the repository's own GitHub Actions workflows release; it needs another repository's API",
        files: files!("demo/storefront":
            "repo.ocu.star",
            "frontend/release.ocu.star",
        ),
    },
    Example {
        name: "hello",
        about: "One package with a build and two environments",
        files: files!("hello":
            "repo.ocu.star",
            "environments.ocu.star",
            "release.ocu.star",
        ),
    },
    Example {
        name: "approval",
        about: "A release that waits for a person: a custom value, and `next`",
        files: files!("approval":
            "repo.ocu.star",
            "environments.ocu.star",
            "release.ocu.star",
        ),
    },
    Example {
        name: "outputs",
        about: "A package that reads another one's output, and is deployed again when it changes",
        files: files!("outputs":
            "repo.ocu.star",
            "environments.ocu.star",
            "database/release.ocu.star",
            "api/release.ocu.star",
        ),
    },
    Example {
        name: "environments",
        about: "Environments with attributes, and a package that is deployed to whatever there is",
        files: files!("environments":
            "repo.ocu.star",
            "environments.ocu.star",
            "release.ocu.star",
        ),
    },
    Example {
        name: "retries-and-tags",
        about: "Steps that are tried again, names for releases, an output of the release before",
        files: files!("retries-and-tags":
            "repo.ocu.star",
            "environments.ocu.star",
            "release.ocu.star",
        ),
    },
    Example {
        name: "settings",
        about: "Values that people set, with defaults; a secret; a file that is loaded",
        files: files!("settings":
            "repo.ocu.star",
            "environments.ocu.star",
            "shared/defaults.star",
            "api/release.ocu.star",
        ),
    },
    Example {
        name: "shop",
        about: "Eight services in four environments that share a file; Terraform, Helm and kubectl",
        files: files!("shop":
            "repo.ocu.star",
            "environments.ocu.star",
            "shared/service.star",
            "network/release.ocu.star",
            "database/release.ocu.star",
            "queue/release.ocu.star",
            "catalog/release.ocu.star",
            "payments/release.ocu.star",
            "orders/release.ocu.star",
            "mailer/release.ocu.star",
            "storefront/release.ocu.star",
        ),
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
