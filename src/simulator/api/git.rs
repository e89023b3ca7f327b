//! What is in the repository: refs, trees, blobs, files, commits, comparisons.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::simulator::answer::Answer;
use crate::simulator::call::{Call, with_link};
use crate::simulator::git::{Commit, FileChange, TreeEntry};
use crate::simulator::route::{Access, Route};
use crate::simulator::state::refusal::Refusal;

const READ: Access = Access::Installation(&[("contents", "read")]);

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/git/ref/{ref...}",
        access: READ,
        handler: reference,
    },
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/git/trees/{tree}",
        access: READ,
        handler: tree,
    },
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/git/blobs/{sha}",
        access: READ,
        handler: blob,
    },
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/contents/{path...}",
        access: READ,
        handler: contents,
    },
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/compare/{range...}",
        access: READ,
        handler: compare,
    },
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/commits/{ref...}",
        access: READ,
        handler: commit,
    },
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/tarball/{ref...}",
        access: READ,
        handler: tarball,
    },
    Route {
        method: "GET",
        template: "/_simulator/tarball/{owner}/{repo}/{sha}",
        access: Access::Public,
        handler: signed_tarball,
    },
];

/// GitHub lists no more changed files than this in a comparison.
const COMPARED_FILES: usize = 300;
/// GitHub lists no more commits than this in a comparison that is not paginated.
const COMPARED_COMMITS: usize = 250;
/// More commits than any test has.
const ALL_COMMITS: usize = 100_000;

fn reference(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let name = call.parameter("ref");
    let name = format!("refs/{}", name.trim_start_matches("refs/"));
    let repository = call.repo()?;
    if repository.git.references("refs/heads/")?.is_empty() {
        return Err(Refusal::new(409, "Git Repository is empty."));
    }
    let references = repository.git.references(&name)?;
    let (_, sha) = references
        .into_iter()
        .find(|(found, _)| *found == name)
        .ok_or_else(Refusal::not_found)?;
    let url = format!("{}/repos/{}", call.world.url, call.repository);
    Ok(Answer::json(
        200,
        &json!({
            "ref": name, "node_id": format!("REF_{name}"), "url": format!("{url}/git/{name}"),
            "object": {"type": "commit", "sha": sha, "url": format!("{url}/git/commits/{sha}")},
        }),
    ))
}

fn tree(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let asked = call.parameter("tree");
    let git = &call.repo()?.git;
    let known = git.tree(asked, false).is_ok() && !asked.starts_with('-');
    if !known {
        let empty = git.references("refs/heads/")?.is_empty();
        return Err(if empty {
            Refusal::new(409, "Git Repository is empty.")
        } else {
            Refusal::not_found()
        });
    }
    let recursive = call.query.contains_key("recursive");
    let url = format!("{}/repos/{}/git", call.world.url, call.repository);
    let entries = git.tree(asked, recursive)?;
    let sha = git.resolve(asked).unwrap_or_else(|| asked.to_owned());
    let entry = |entry: &TreeEntry| {
        let mut json =
            json!({"path": entry.path, "mode": entry.mode, "type": entry.kind, "sha": entry.sha});
        if let Some(size) = entry.size {
            json["size"] = json!(size);
        }
        json["url"] = json!(format!("{url}/{}s/{}", entry.kind, entry.sha));
        json
    };
    let tree: Vec<Value> = entries.iter().map(entry).collect();
    Ok(Answer::json(
        200,
        &json!({"sha": sha, "url": format!("{url}/trees/{sha}"), "tree": tree, "truncated": false}),
    ))
}

fn blob(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let sha = call.parameter("sha").to_owned();
    let valid = sha.len() == 40 && sha.bytes().all(|byte| byte.is_ascii_hexdigit());
    let bytes = valid
        .then(|| call.repo().ok()?.git.blob(&sha))
        .flatten()
        .ok_or_else(Refusal::not_found)?;
    if call.wants_raw() {
        return Ok(Answer::bytes(
            200,
            "application/vnd.github.raw+json; charset=utf-8",
            bytes,
        ));
    }
    let url = format!(
        "{}/repos/{}/git/blobs/{sha}",
        call.world.url, call.repository
    );
    Ok(Answer::json(
        200,
        &json!({
            "sha": sha, "node_id": format!("B_{sha}"), "size": bytes.len(), "url": url, "encoding": "base64",
            "content": wrapped(&bytes),
        }),
    ))
}

/// Base64 with a line break after every 60 characters, as GitHub writes it.
fn wrapped(bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    let lines = encoded.as_bytes().chunks(60).map(String::from_utf8_lossy);
    lines.map(|line| format!("{line}\n")).collect()
}

fn contents(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let path = call.parameter("path").trim_matches('/').to_owned();
    let repository = call.repo()?;
    let revision = call
        .query
        .get("ref")
        .unwrap_or(&repository.default_branch)
        .clone();
    let sha = repository.git.resolve(&revision);
    let sha =
        sha.ok_or_else(|| Refusal::new(404, format!("No commit found for the ref {revision}")))?;
    let entry = repository
        .git
        .entry(&sha, &path)?
        .ok_or_else(Refusal::not_found)?;
    if entry.kind == "tree" {
        let entries = repository.git.tree(&entry.sha, false)?;
        let children = entries.into_iter().map(|child| TreeEntry {
            path: format!("{path}/{}", child.path),
            ..child
        });
        let items: Vec<Value> = children
            .map(|child| content_json(call, &child, &revision))
            .collect();
        return Ok(Answer::json(200, &json!(items)));
    }
    let bytes = repository
        .git
        .blob(&entry.sha)
        .ok_or_else(Refusal::not_found)?;
    if call.wants_raw() {
        return Ok(Answer::bytes(
            200,
            "application/vnd.github.raw+json; charset=utf-8",
            bytes,
        ));
    }
    let mut json = content_json(call, &entry, &revision);
    json["encoding"] = json!("base64");
    json["content"] = json!(wrapped(&bytes));
    Ok(Answer::json(200, &json))
}

fn content_json(call: &Call<'_>, entry: &TreeEntry, revision: &str) -> Value {
    let url = format!("{}/repos/{}", call.world.url, call.repository);
    let html_url = format!(
        "{}/{}/blob/{revision}/{}",
        call.world.url, call.repository, entry.path
    );
    let own = format!("{url}/contents/{}?ref={revision}", entry.path);
    let git_url = format!("{url}/git/{}s/{}", entry.kind, entry.sha);
    let kind = match entry.kind.as_str() {
        "tree" => "dir",
        "commit" => "submodule",
        _ => "file",
    };
    json!({
        "type": kind, "name": entry.path.rsplit('/').next(), "path": entry.path, "sha": entry.sha,
        "size": entry.size.unwrap_or(0), "url": own, "html_url": html_url, "git_url": git_url,
        "download_url": (kind == "file").then(|| html_url.replace("/blob/", "/raw/")),
        "_links": {"self": own, "git": git_url, "html": html_url},
    })
}

fn compare(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let range = call.parameter("range").to_owned();
    let (base, head) = range.split_once("...").ok_or_else(Refusal::not_found)?;
    let git = &call.repo()?.git;
    let base = git.resolve(base).ok_or_else(Refusal::not_found)?;
    let head = git
        .resolve(head.rsplit(':').next().unwrap_or(head))
        .ok_or_else(Refusal::not_found)?;
    let no_base = || {
        Refusal::new(
            404,
            format!("No common ancestor between {base} and {head}."),
        )
    };
    let comparison = git.compare(&base, &head).ok_or_else(no_base)?;
    let status = match (comparison.ahead_by, comparison.behind_by) {
        (0, 0) => "identical",
        (_, 0) => "ahead",
        (0, _) => "behind",
        _ => "diverged",
    };
    let (commits, next) = compared_commits(call, &base, &head)?;
    let first_page = call.query.get("page").is_none_or(|page| page == "1");
    let files = if first_page {
        git.changes(&comparison.merge_base, &head)?
    } else {
        Vec::new()
    };
    let json = |sha: &str| {
        git.commit(sha)
            .map(|commit| call.world.commit_json(&call.repository, &commit))
    };
    let url = format!(
        "{}/repos/{}/compare/{base}...{head}",
        call.world.url, call.repository
    );
    let html_url = format!(
        "{}/{}/compare/{base}...{head}",
        call.world.url, call.repository
    );
    let file = |change: &FileChange| call.world.file_json(&call.repository, &head, change);
    let answer = Answer::json(
        200,
        &json!({
            "url": url, "html_url": html_url, "permalink_url": html_url, "diff_url": format!("{html_url}.diff"),
            "patch_url": format!("{html_url}.patch"), "base_commit": json(&base),
            "merge_base_commit": json(&comparison.merge_base), "status": status, "ahead_by": comparison.ahead_by,
            "behind_by": comparison.behind_by, "total_commits": comparison.ahead_by,
            "commits": commits.iter().map(|commit| call.world.commit_json(&call.repository, commit)).collect::<Vec<_>>(),
            "files": files.iter().take(COMPARED_FILES).map(file).collect::<Vec<_>>(),
        }),
    );
    Ok(with_link(answer, next))
}

/// The commits that only the head has, oldest first: the page that was asked for and the address of the next one, or
/// without a question for pages the newest ones.
fn compared_commits(
    call: &Call<'_>,
    base: &str,
    head: &str,
) -> Result<(Vec<Commit>, Option<String>), Refusal> {
    let range = [head, &format!("^{base}")];
    let git = &call.repo()?.git;
    if !call.query.contains_key("per_page") && !call.query.contains_key("page") {
        return Ok((git.commits(&range, COMPARED_COMMITS)?, None));
    }
    let commits = git.commits(&range, ALL_COMMITS)?;
    let (shown, next) = call.window(&commits)?;
    Ok((shown.to_vec(), next))
}

fn commit(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let git = &call.repo()?.git;
    let asked = call.parameter("ref");
    let missing = || Refusal::unprocessable(format!("No commit found for SHA: {asked}"));
    let commit = git.commit(asked).ok_or_else(missing)?;
    if call
        .headers
        .get("accept")
        .is_some_and(|accept| accept.contains("vnd.github.sha"))
    {
        return Ok(Answer::bytes(
            200,
            "application/vnd.github.sha; charset=utf-8",
            commit.sha.into_bytes(),
        ));
    }
    let parent = match commit.parents.first() {
        Some(parent) => parent.clone(),
        None => git.empty_tree()?,
    };
    let changes = git.changes(&parent, &commit.sha)?;
    let mut json = call.world.commit_json(&call.repository, &commit);
    let sum = |count: fn(&FileChange) -> u64| changes.iter().map(count).sum::<u64>();
    let (additions, deletions) = (
        sum(|change| change.additions),
        sum(|change| change.deletions),
    );
    json["stats"] =
        json!({"additions": additions, "deletions": deletions, "total": additions + deletions});
    let files = changes.iter().take(COMPARED_FILES);
    json["files"] = files
        .map(|change| call.world.file_json(&call.repository, &commit.sha, change))
        .collect();
    Ok(Answer::json(200, &json))
}

fn tarball(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let sha = call
        .repo()?
        .git
        .resolve(call.parameter("ref"))
        .ok_or_else(Refusal::not_found)?;
    let path = format!("tarball/{}/{sha}", call.repository);
    let location = call.world.signed_url(&path);
    Ok(Answer::redirect(302, location))
}

fn signed_tarball(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let sha = call.parameter("sha").to_owned();
    call.world.check_signed_url(
        &format!("tarball/{}/{sha}", call.repository),
        call.query.get("signature"),
    )?;
    let repository = call.repo()?;
    let prefix = format!(
        "{}-{}-{}",
        repository.owner,
        repository.name,
        &sha[..7.min(sha.len())]
    );
    Ok(Answer::bytes(
        200,
        "application/x-gzip",
        repository.git.archive(&sha, &prefix)?,
    ))
}
