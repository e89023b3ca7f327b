//! What every API request passes: the route, the caller, the permission, the faults, the log.

use std::collections::BTreeMap;

use serde_json::Value;

use super::answer::Answer;
use super::call::Call;
use super::faults::RequestFault;
use super::route::{self, Access, Route};
use super::shared::Shared;
use super::state::manifest::Manifest;
use super::state::refusal::Refusal;
use super::state::world::World;
use super::tokens::Caller;

/// Requests an installation may make in an hour.
const RATE_LIMIT: u64 = 5000;
/// The API versions that exist.
const VERSIONS: [&str; 2] = ["2022-11-28", "2026-03-10"];

/// A request as it arrived.
pub(crate) struct Incoming {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// An API request that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRecord {
    /// `GET`, `POST` …
    pub method: String,
    /// The template of the route; none for a route that does not exist.
    pub route: Option<String>,
    /// The path.
    pub path: String,
    /// The answer's status, also when the answer was lost.
    pub status: u16,
    /// How GitHub counts it.
    pub class: RequestClass,
}

/// How GitHub counts a request against its secondary limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestClass {
    /// One point.
    Read,
    /// Answered 304: free.
    Unchanged,
    /// Five points.
    Write,
    /// Five points, and one of the 80 a minute that notify people.
    Content,
}

/// Something a correct client never does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// `GET`, `POST` …
    pub method: String,
    /// The path.
    pub path: String,
    /// What is wrong with it.
    pub problem: String,
}

impl Shared {
    /// Answers an API request; none when the connection is to break instead.
    pub(crate) fn handle(&self, mut incoming: Incoming) -> Option<Answer> {
        if let Some(path) = incoming.path.strip_prefix("/api/v3") {
            incoming.path = path.to_owned();
        }
        let (_flight, in_flight) = self.flights.enter();
        let mut world = self.lock();
        let world = &mut *world;
        if let Some(path) = world.path_by_name(&incoming.path) {
            incoming.path = path;
        }
        let found = route::find(&incoming.method, &incoming.path);
        let mut problems = self.schema_problems(&incoming, found.is_some());
        problems.extend(missing_version(
            &incoming,
            found.as_ref().map(|(route, _)| *route),
        ));
        let fault = world
            .faults
            .next_request_fault(&incoming.method, &incoming.path);
        let template = found.as_ref().map(|(route, _)| route.template.to_owned());
        let sender = world.sender(&incoming);
        let too_much = sender.and_then(|sender| world.too_much(sender, &incoming, in_flight));
        let counted = sender.filter(|_| too_much.is_none());
        let answer = match (too_much, fault) {
            (Some(refused), _) => refused,
            (None, Some(fault)) if fault != RequestFault::LoseAnswer => fault_answer(fault),
            (None, _) => match found {
                Some((route, parameters)) => {
                    let access = route.access;
                    let result = answer(world, route, parameters, &incoming);
                    let answer = result.unwrap_or_else(|refusal| {
                        problems.extend(refusal.violation.then(|| refusal.to_string()));
                        Answer::from(&refusal)
                    });
                    with_accepted_permissions(answer, access)
                }
                None => {
                    problems.push("the simulator has no such route".to_owned());
                    Answer::from(&Refusal::not_found())
                }
            },
        };
        let answer = finish(world, &incoming, answer, counted);
        world.complain(&incoming, problems);
        let class = class(&incoming.method, template.as_deref(), answer.status);
        let Incoming { method, path, .. } = incoming;
        world.requests.push(RequestRecord {
            method,
            route: template,
            path,
            status: answer.status,
            class,
        });
        (!matches!(fault, Some(RequestFault::LoseAnswer | RequestFault::Reset))).then_some(answer)
    }

    fn schema_problems(&self, incoming: &Incoming, known: bool) -> Vec<String> {
        let Some(check) = self.request_check.as_ref().filter(|_| known) else {
            return Vec::new();
        };
        let body = serde_json::from_slice(&incoming.body).unwrap_or(Value::Null);
        check(&incoming.method, &incoming.path, &body)
    }
}

fn answer(
    world: &mut World,
    route: &Route,
    parameters: route::Parameters,
    incoming: &Incoming,
) -> Result<Answer, Refusal> {
    let api_version = api_version(route, incoming)?;
    if let Some(answer) = world.moved(&incoming.method, &incoming.path) {
        return Ok(answer);
    }
    let caller = match route.access {
        Access::Public => Caller::Nobody,
        _ => world.authenticate(incoming.headers.get("authorization").map(String::as_str))?,
    };
    let repository = match (parameters.get("owner"), parameters.get("repo")) {
        (Some(owner), Some(name)) => format!("{owner}/{name}"),
        _ => String::new(),
    };
    let repository = check_access(world, route, &caller, &repository, &incoming.method)?;
    let mut call = Call {
        world,
        parameters,
        path: incoming.path.clone(),
        query: route::form(&incoming.query),
        headers: &incoming.headers,
        body: &incoming.body,
        caller,
        api_version,
        repository,
    };
    (route.handler)(&mut call)
}

impl World {
    /// `/repos/owner/name/…` for `/repositories/{id}/…`, where redirects lead.
    fn path_by_name(&self, path: &str) -> Option<String> {
        let rest = path.strip_prefix("/repositories/")?;
        let (id, rest) = rest
            .split_once('/')
            .map_or((rest, String::new()), |(id, rest)| (id, format!("/{rest}")));
        let id: u64 = id.parse().ok()?;
        let found = self
            .repositories
            .values()
            .find(|repository| repository.id == id)?;
        Some(format!("/repos/{}{rest}", found.full_name))
    }

    fn complain(&mut self, incoming: &Incoming, problems: Vec<String>) {
        let violations = problems.into_iter().map(|problem| Violation {
            method: incoming.method.clone(),
            path: incoming.path.clone(),
            problem,
        });
        self.violations.extend(violations);
    }

    /// The refusal of a request that goes beyond a limit.
    fn too_much(&mut self, sender: u64, incoming: &Incoming, in_flight: usize) -> Option<Answer> {
        let request = (incoming.method.as_str(), incoming.path.as_str());
        let now = self.now();
        self.limiter.admit(sender, request, in_flight, now)
    }

    /// The installation whose token a request carries.
    fn sender(&self, incoming: &Incoming) -> Option<u64> {
        let header = incoming.headers.get("authorization");
        let header = header.filter(|header| header.contains("ghs_"));
        match self.authenticate(header.map(String::as_str)) {
            Ok(Caller::Installation(token)) => Some(token.installation),
            _ => None,
        }
    }

    /// The redirect from a name that a repository had.
    fn moved(&self, method: &str, path: &str) -> Option<Answer> {
        let mut segments = path.strip_prefix("/repos/")?.splitn(3, '/');
        let name = format!("{}/{}", segments.next()?, segments.next()?);
        self.renamed.get(&name.to_lowercase())?;
        let id = self.repository(&name).ok()?.id;
        let rest = segments
            .next()
            .map(|rest| format!("/{rest}"))
            .unwrap_or_default();
        let status = if method == "GET" { 301 } else { 307 };
        Some(Answer::redirect(
            status,
            format!("{}/repositories/{id}{rest}", self.url),
        ))
    }
}

/// GitHub answers in its oldest version then, which will be gone one day.
fn missing_version(incoming: &Incoming, route: Option<&Route>) -> Option<String> {
    let missing = !incoming.headers.contains_key("x-github-api-version");
    let needed = route.is_some_and(|route| !matches!(route.access, Access::Public));
    (missing && needed).then(|| "the request has no X-GitHub-Api-Version header".to_owned())
}

fn api_version(route: &Route, incoming: &Incoming) -> Result<String, Refusal> {
    let violation = |status, message: String| {
        let mut refusal = Refusal::new(status, message);
        refusal.violation = true;
        refusal
    };
    match incoming.headers.get("x-github-api-version") {
        _ if matches!(route.access, Access::Public) => Ok(VERSIONS[0].to_owned()),
        Some(version) if VERSIONS.contains(&version.as_str()) => Ok(version.clone()),
        Some(version) => Err(violation(
            400,
            format!("{version} is not a supported API version"),
        )),
        None => Ok(VERSIONS[0].to_owned()),
    }
}

/// Checks the kind of caller, its reach and its permission; returns the repository's name as it is written.
fn check_access(
    world: &World,
    route: &Route,
    caller: &Caller,
    repository: &str,
    method: &str,
) -> Result<String, Refusal> {
    let needed = match (route.access, caller) {
        (Access::Public, _) => return Ok(repository.to_owned()),
        (Access::App, Caller::App) => {
            return Ok(world
                .repository(repository)
                .map(|found| found.full_name.clone())
                .unwrap_or_default());
        }
        (Access::App, _) => return Err(Refusal::new(401, "A JSON web token could not be decoded")),
        (Access::User, Caller::User(_)) => return Ok(String::new()),
        (Access::User, Caller::Installation(_)) => {
            return Err(Refusal::new(403, "Resource not accessible by integration"));
        }
        (Access::User, _) => return Err(Refusal::new(401, "Requires authentication")),
        (Access::Installation(needed), _) => needed,
    };
    let Caller::Installation(token) = caller else {
        return Err(Refusal::new(
            401,
            "Requires authentication with an installation token",
        ));
    };
    let mut name = String::new();
    if !repository.is_empty() {
        let found = world.repository(repository)?;
        let listed = token
            .repositories
            .as_ref()
            .is_none_or(|listed| listed.contains(&found.id));
        if found.installation != Some(token.installation) || !listed {
            // Public repositories are readable with any token, and only readable.
            return match (found.private, method) {
                (false, "GET") => Ok(found.full_name.clone()),
                (false, _) => Err(Refusal::new(403, "Resource not accessible by integration")),
                (true, _) => Err(Refusal::not_found()),
            };
        }
        name = found.full_name.clone();
    }
    let granted = |(permission, level): &(&str, &str)| {
        Manifest::grants(&token.permissions, permission, level)
    };
    if !needed.is_empty() && !needed.iter().any(granted) {
        let mut refusal = Refusal::new(403, "Resource not accessible by integration");
        refusal.violation = true;
        return Err(refusal);
    }
    Ok(name)
}

fn with_accepted_permissions(answer: Answer, access: Access) -> Answer {
    match access {
        Access::Installation(needed) if !needed.is_empty() => {
            let words: Vec<String> = needed
                .iter()
                .map(|(name, level)| format!("{name}={level}"))
                .collect();
            answer.with("X-Accepted-GitHub-Permissions", words.join("; "))
        }
        _ => answer,
    }
}

const SECONDARY_LIMIT: &str =
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";

fn fault_answer(fault: RequestFault) -> Answer {
    let refuse = |status, message: &str| Answer::from(&Refusal::new(status, message));
    match fault {
        RequestFault::ServerError => refuse(500, "Server Error"),
        RequestFault::BadGateway => {
            Answer::bytes(502, "text/html", b"<html>Bad Gateway</html>".to_vec())
        }
        RequestFault::SecondaryLimit(seconds) => {
            refuse(403, SECONDARY_LIMIT).with("Retry-After", seconds.to_string())
        }
        RequestFault::SecondaryLimitWithoutTime => refuse(403, SECONDARY_LIMIT),
        RequestFault::TooManyRequests(seconds) => {
            refuse(429, "Too Many Requests").with("Retry-After", seconds.to_string())
        }
        RequestFault::TooManyRequestsWithoutTime => refuse(429, "Too Many Requests"),
        RequestFault::NotFound => refuse(404, "Not Found"),
        RequestFault::Unauthorized => refuse(401, "Bad credentials"),
        RequestFault::LoseAnswer | RequestFault::Reset => Answer::empty(0),
    }
}

/// Rate limit and validator headers; 304 for what the client has already.
fn finish(
    world: &mut World,
    incoming: &Incoming,
    mut answer: Answer,
    counted: Option<u64>,
) -> Answer {
    if incoming.method == "GET" && answer.status == 200 {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &answer.body);
        let tag = format!("W/\"{}\"", hex::encode(digest));
        let unchanged = incoming.headers.get("if-none-match") == Some(&tag);
        answer = answer.with("ETag", tag);
        if unchanged {
            answer.status = 304;
            answer.body.clear();
        }
    }
    if answer.status != 304 {
        world.requests_left = world.requests_left.saturating_sub(1);
    }
    if let Some(sender) = counted {
        let (method, path) = (&incoming.method, &incoming.path);
        world.limiter.answered(sender, method, path, answer.status);
    }
    let sender = counted.or_else(|| world.sender(incoming));
    let own = sender.and_then(|sender| world.limiter.left(sender));
    let (left, limit) = own.unwrap_or((world.requests_left, RATE_LIMIT));
    let used = limit - left;
    let reset = (world.now() / 3600 + 1) * 3600;
    answer
        .with("X-RateLimit-Limit", limit.to_string())
        .with("X-RateLimit-Remaining", left.to_string())
        .with("X-RateLimit-Used", used.to_string())
        .with("X-RateLimit-Reset", reset.to_string())
        .with("X-RateLimit-Resource", "core")
        .with("X-GitHub-Request-Id", super::keys::random_hex(8))
}

fn class(method: &str, template: Option<&str>, status: u16) -> RequestClass {
    match (method, template) {
        _ if status == 304 => RequestClass::Unchanged,
        ("GET" | "HEAD", _) => RequestClass::Read,
        ("POST", Some(template)) if template.ends_with("/comments") => RequestClass::Content,
        _ => RequestClass::Write,
    }
}
