//! The repositories as git remotes: `git http-backend` behind `/{owner}/{repo}.git/…`, and the events a push causes.

use std::io::Write as _;
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::answer::Answer;
use super::gate::Incoming;
use super::git::{Git, ZERO};
use super::shared::Shared;
use super::state::refusal::Refusal;
use super::state::world::World;

/// Who pushes when nobody says so.
const SOMEONE: &str = "developer";

/// A path of a git remote: the repository's full name and what git asks for.
pub(crate) fn parse(path: &str) -> Option<(String, String)> {
    let (repository, service) = path.trim_start_matches('/').split_once(".git/")?;
    let known = ["info/refs", "git-upload-pack", "git-receive-pack"].contains(&service);
    (known && repository.split('/').count() == 2)
        .then(|| (repository.to_owned(), service.to_owned()))
}

/// Answers a git client. A push is followed by what GitHub does after one.
pub(crate) fn answer(
    shared: &Shared,
    repository: &str,
    service: &str,
    incoming: &Incoming,
) -> Answer {
    // Held during a push too: nobody else moves a ref between the two looks at them.
    let mut world = shared.lock();
    let result = if service == "git-receive-pack" {
        receive(&mut world, repository, incoming)
    } else {
        let git = world.repository(repository).map(|found| found.git.clone());
        drop(world);
        git.and_then(|git| backend(&git, service, incoming))
    };
    result.unwrap_or_else(|refusal| Answer::from(&refusal))
}

fn receive(world: &mut World, repository: &str, incoming: &Incoming) -> Result<Answer, Refusal> {
    let git = world.repository(repository)?.git.clone();
    let before = moving(&git)?;
    let answer = backend(&git, "git-receive-pack", incoming)?;
    let after = moving(&git)?;
    let login = pusher(world, &git, incoming, &before, &after);
    let now = world.now();
    world.repository_mut(repository)?.pushed_at = now;
    let find = |list: &[(String, String)], name: &str| {
        list.iter()
            .find(|(known, _)| known == name)
            .map_or_else(|| ZERO.to_owned(), |(_, sha)| sha.clone())
    };
    let mut names: Vec<&String> = before.iter().chain(&after).map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    for name in names {
        world.reference_moved(
            repository,
            name,
            &find(&before, name),
            &find(&after, name),
            &login,
        )?;
    }
    Ok(answer)
}

/// Branches and tags with where they point.
fn moving(git: &Git) -> Result<Vec<(String, String)>, Refusal> {
    let mut references = git.references("refs/heads/")?;
    references.extend(git.references("refs/tags/")?);
    Ok(references)
}

/// The login git sent; else the author of a pushed commit, if it is somebody here. No password is asked for: a challenge
/// would make git prompt everyone for one.
fn pusher(
    world: &World,
    git: &Git,
    incoming: &Incoming,
    before: &[(String, String)],
    after: &[(String, String)],
) -> String {
    let basic = incoming
        .headers
        .get("authorization")
        .and_then(|header| header.strip_prefix("Basic "));
    let decoded = basic.and_then(|encoded| STANDARD.decode(encoded).ok());
    let pair = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    if let Some((login, _)) = pair
        .as_deref()
        .and_then(|pair| pair.split_once(':'))
        .filter(|(login, _)| !login.is_empty())
    {
        return login.to_owned();
    }
    let moved = after.iter().find(|reference| !before.contains(reference));
    let author = moved
        .and_then(|(_, sha)| git.commit(sha))
        .map(|commit| commit.author_name)
        .unwrap_or_default();
    world
        .known_user(&author)
        .map_or_else(|| SOMEONE.to_owned(), |user| user.login)
}

/// Runs `git http-backend` as the CGI program it is.
fn backend(git: &Git, service: &str, incoming: &Incoming) -> Result<Answer, Refusal> {
    let directory = std::path::absolute(git.directory()).map_err(anyhow::Error::from)?;
    let header = |name: &str| incoming.headers.get(name).map_or("", String::as_str);
    let mut command = git.command();
    command
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", &directory)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("PATH_INFO", format!("/{service}"))
        .env("REQUEST_METHOD", &incoming.method)
        .env("QUERY_STRING", &incoming.query)
        .env("CONTENT_TYPE", header("content-type"))
        .env("CONTENT_LENGTH", incoming.body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
        .env("GIT_PROTOCOL", header("git-protocol"))
        .env("REMOTE_ADDR", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().map_err(anyhow::Error::from)?;
    let mut input = child.stdin.take().expect("the input is piped");
    let output = std::thread::scope(|scope| {
        scope.spawn(move || input.write_all(&incoming.body));
        child.wait_with_output()
    });
    cgi_answer(&output.map_err(anyhow::Error::from)?.stdout)
}

/// The headers of a CGI program end with an empty line; its status is one of them.
fn cgi_answer(output: &[u8]) -> Result<Answer, Refusal> {
    let end = output.windows(4).position(|window| window == b"\r\n\r\n");
    let end = end.ok_or_else(|| Refusal::new(500, "git http-backend gave no answer"))?;
    let head = String::from_utf8_lossy(&output[..end]).into_owned();
    let mut answer = Answer {
        status: 200,
        headers: Vec::new(),
        body: output[end + 4..].to_vec(),
    };
    for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
        match name {
            "Status" => {
                answer.status = value
                    .split(' ')
                    .next()
                    .and_then(|code| code.parse().ok())
                    .unwrap_or(500)
            }
            "Content-Type" => answer = answer.with("Content-Type", value),
            "Cache-Control" => answer = answer.with("Cache-Control", value),
            _ => {}
        }
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn only_what_git_asks_for_is_a_remote() {
        let expected = ("acme/api".to_owned(), "info/refs".to_owned());
        assert_eq!(parse("/acme/api.git/info/refs"), Some(expected));
        assert_eq!(parse("/acme/api.git/config"), None);
        assert_eq!(parse("/api.git/info/refs"), None);
        assert_eq!(parse("/acme/api/pull/1"), None);
    }
}
