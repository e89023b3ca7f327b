//! Refs as people type them in a folder of a repository.

use anyhow::{Context, bail};

use crate::model::Reference;

/// `text`, written in `folder` of `repository`, made absolute. A file is meant from that folder, with `..` allowed;
/// `//file` and `./-/file` from the repository's root; `@/…` is the workspace's.
pub(super) fn resolve(text: &str, repository: &str, folder: &str) -> anyhow::Result<Reference> {
    let text = text.trim();
    let is_from_folder =
        !text.starts_with(['@', '+']) && !text.starts_with("//") && !is_with_repository(text);
    let rooted = match is_from_folder {
        true => {
            let (file, rest) = split(text);
            format!("//{}{rest}", joined(folder, file, text)?)
        }
        false => text.to_owned(),
    };
    let mut reference: Reference = rooted
        .parse()
        .with_context(|| format!("`{text}` is not a ref"))?;
    if !reference.global && matches!(reference.repository.as_str(), "" | ".") {
        reference.repository = repository.to_owned();
    }
    Ok(reference)
}

fn is_with_repository(text: &str) -> bool {
    text.contains("/-/") || text.ends_with("/-")
}

/// The file, and the release with all that follows it.
fn split(text: &str) -> (&str, &str) {
    let end = ["/@", "/+"].iter().filter_map(|mark| text.find(mark)).min();
    text.split_at(end.unwrap_or(text.len()))
}

fn joined(folder: &str, file: &str, text: &str) -> anyhow::Result<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in file.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.pop().is_none() => bail!("`{text}` leaves the repository"),
            ".." => {}
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn a_file_is_meant_from_the_folder_unless_it_says_otherwise() {
        for (text, folder, absolute) in [
            ("q.star", "sub", "r/-/sub/q.star"),
            ("./q.star", "sub", "r/-/sub/q.star"),
            ("../q.star/@r1", "sub", "r/-/q.star/@r1"),
            ("//q.star/@", "sub", "r/-/q.star/@"),
            ("./-/a/q.star", "sub", "r/-/a/q.star"),
            (
                "x/y/-/q.star/@v1/custom/a",
                "sub",
                "x/y/-/q.star/@v1/custom/a",
            ),
            (
                "a/q.star/@/deploy/p#output/u",
                "",
                "r/-/a/q.star/@/deploy/p#output/u",
            ),
            ("@/environment/p", "sub", "@/environment/p"),
            (".", "sub", "r/-/sub"),
            ("./@r2", "sub", "r/-/sub/@r2"),
        ] {
            let found = resolve(text, "r", folder).expect(text);
            assert_eq!(found.to_string(), absolute, "{text}");
        }
        assert!(resolve("../../q.star", "r", "sub").is_err());
        assert!(resolve("q.star@r1", "r", "").is_err());
    }
}
