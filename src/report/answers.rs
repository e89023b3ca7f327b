//! What commands came to, in words.

use serde_json::{Value, json};

use super::gates::{holders, lock_words, whom};
use super::machines::is_refusal;
use super::markdown;
use super::release_check::step_name;
use crate::engine::rules::{Deed, Denied};
use crate::engine::{Answer, Change, Plan};
use crate::model::{EnvironmentName, Hold, Lock, PackageName, ReleaseName, RunState};

/// Answers that are news at once, for the person who gave the command; `None` when the work itself will answer.
pub fn answers(answers: &[Answer]) -> Option<String> {
    let lines: Vec<String> = answers.iter().filter_map(one_answer).collect();
    (!lines.is_empty()).then(|| lines.join("\n\n"))
}

/// A reply: what there is to say, and, hidden from people, the same for programs.
pub fn reply(words: &[String], told: &[Value]) -> String {
    let mut text = words.join("\n\n");
    if !told.is_empty() {
        let result = unseen(&json!({ "version": 1, "results": told }).to_string());
        text.push_str(&format!("\n\n<!-- ocuroot-result: {result} -->"));
    }
    text
}

/// The same JSON without anything that would end the comment that hides it, or that other readers of HTML could take for
/// markup: people's words are in it.
fn unseen(json: &str) -> String {
    let mut hidden = String::with_capacity(json.len());
    let mut units = [0; 2];
    for character in json.replace("--", "-\\u002d").chars() {
        if character.is_ascii() && !"<>&".contains(character) {
            hidden.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut units) {
            hidden.push_str(&format!("\\u{unit:04x}"));
        }
    }
    hidden
}

/// What a decision would come to, for somebody who only wants to know.
pub fn foreseen(plan: &Plan) -> String {
    format!("Nothing has been done. {}", outlook(plan))
}

/// What is said instead of carrying a command out that wants a second word.
pub fn wants_confirmation(
    login: &str,
    environment: &EnvironmentName,
    rule: Option<&str>,
    plan: &Plan,
) -> String {
    let why = why_twice(environment, rule);
    format!(
        "@{login}, {why}. {}\n\nTo have it done, comment {} within ten minutes.",
        outlook(plan),
        markdown::code("/ocuroot confirm")
    )
}

/// The same for somebody who asks from a terminal.
pub fn wants_option(environment: &EnvironmentName, rule: Option<&str>, plan: &Plan) -> String {
    format!(
        "{}. {}\n\nTo have it done, say it again with {}.",
        why_twice(environment, rule),
        outlook(plan),
        markdown::code("--confirm")
    )
}

fn why_twice(environment: &EnvironmentName, rule: Option<&str>) -> String {
    let environment = markdown::code(environment.as_str());
    match rule {
        Some(place) => format!(
            "commands that change {environment} want a second word ({})",
            markdown::code(place)
        ),
        None => format!(
            "this takes down everything in {environment} and removes it, so it wants a second word"
        ),
    }
}

fn outlook(plan: &Plan) -> String {
    let is_refused = |answer: &&Answer| is_refusal(answer);
    let refusals: Vec<Answer> = plan.answers.iter().filter(is_refused).cloned().collect();
    if !refusals.is_empty() {
        let words = answers(&refusals).unwrap_or_default();
        return format!("It would be refused:\n\n{words}");
    }
    let mut runs: Vec<(&ReleaseName, usize, String)> = plan
        .changes
        .iter()
        .filter_map(|change| foreseen_run(change, plan))
        .collect();
    runs.sort_by_key(|(release, position, _)| (*release, *position));
    let runs: Vec<String> = runs.into_iter().map(|(.., words)| words).collect();
    let words = answers(&plan.answers);
    match (runs.as_slice(), words) {
        ([], None) => "It would start nothing.".to_owned(),
        ([], Some(words)) => format!("It would start nothing. The answer would be:\n\n{words}"),
        (runs, None) => format!("It would do this:\n\n{}", runs.join("\n")),
        (runs, Some(words)) => format!(
            "It would do this:\n\n{}\n\nThe answer would be:\n\n{words}",
            runs.join("\n")
        ),
    }
}

/// What becomes of a run, with its release and its place among the steps.
fn foreseen_run<'a>(change: &'a Change, plan: &Plan) -> Option<(&'a ReleaseName, usize, String)> {
    let Change::PutRun(name, run) = change else {
        return None;
    };
    let words = match run.state {
        RunState::Starting => "starts now",
        RunState::Pending => "follows, or waits",
        RunState::Superseded | RunState::Cancelled => "is given up",
        _ => return None,
    };
    let step = step_name(&name.key, run);
    let position = plan.changes.iter().find_map(|change| match change {
        Change::PutRelease(release) if release.name == name.release => {
            let mut tasks = release.planned_tasks();
            tasks.position(|task| task.key == name.key)
        }
        _ => None,
    });
    let words = format!(
        "- {} of {} {} {words}",
        markdown::code(&step),
        markdown::code(name.release.package.short()),
        name.release.number
    );
    Some((&name.release, position.unwrap_or(usize::MAX), words))
}

fn one_answer(answer: &Answer) -> Option<String> {
    match answer {
        Answer::Released(_)
        | Answer::Approved(..)
        | Answer::Retried(..)
        | Answer::Cancelled(..)
        | Answer::Rejected(..)
        | Answer::Brought(..)
        | Answer::RolledBack(..)
        | Answer::Applied(_)
        | Answer::Stopped(_) => None,
        Answer::NotApplied(reference, why) => Some(format!(
            "{} cannot be applied: {}.",
            markdown::code(&reference.to_string()),
            markdown::plain(why)
        )),
        Answer::Leaving(environment) => Some(format!(
            "{} is being emptied: what is live there is taken down, readers before what they read. Once nothing is \
             left, it is gone.",
            markdown::code(environment.as_str())
        )),
        Answer::GoingDown(package, environment) => Some(format!(
            "{} is being removed from {}.",
            markdown::code(package.short()),
            markdown::code(environment.as_str())
        )),
        Answer::GivenBack(package, environment) => Some(format!(
            "{} is given back to what the default branch deploys of {}.",
            markdown::code(environment.as_str()),
            markdown::code(package.short()),
        )),
        Answer::NotDeployed(package, environment) => Some(format!(
            "{} is not deployed to {}.",
            markdown::code(package.short()),
            markdown::code(environment.as_str())
        )),
        _ => about_standing(answer),
    }
}

/// What stands in an environment, or is refused there.
fn about_standing(answer: &Answer) -> Option<String> {
    match answer {
        Answer::Locked(lock) => Some(lock_words(lock)),
        Answer::Unlocked(environment, locks, holds) => Some(unlocked(environment, locks, holds)),
        Answer::NothingToUnlock(environment) => Some(format!(
            "There is nothing of that kind to lift in {}. {} shows what stands there.",
            markdown::code(environment.as_str()),
            markdown::code(&format!("/ocuroot why {environment}"))
        )),
        Answer::Queued(behind) => Some(format!(
            "The deployment waits for its turn behind {}, and goes on by itself. {} shows how it stands.",
            holders(behind),
            markdown::code("/ocuroot status")
        )),
        Answer::WouldNeverEnd(hold) => Some(format!(
            "Nothing was done: #{} waits for what this pull request holds, so waiting for {} would never end. Give \
             something back first, with {}.",
            hold.pull_request,
            markdown::code(hold.environment.as_str()),
            markdown::code("/ocuroot undeploy <environment>")
        )),
        Answer::Denied {
            package,
            environment,
            denied,
        } => Some(denial(package.as_ref(), environment, denied)),
        Answer::NoPullRequests(package, environment, place) => Some(format!(
            "Commits of open pull requests do not go to {} ({}), so {} is not deployed there. Merge first.",
            markdown::code(environment.as_str()),
            markdown::code(place),
            markdown::code(package.short())
        )),
        _ => about_release(answer),
    }
}

fn about_release(answer: &Answer) -> Option<String> {
    let (words, release) = match answer {
        Answer::NothingToApprove(release) => (
            "No step of {} waits for an approval. `/ocuroot status` shows how it stands.",
            release,
        ),
        Answer::NothingToReject(release) => (
            "Nothing of {} is still to go anywhere, so there is nothing to reject.",
            release,
        ),
        Answer::NothingToRetry(release) => (
            "No step of {} has failed or was cancelled, so there is nothing to retry.",
            release,
        ),
        Answer::NothingToCancel(release) => (
            "Everything of {} is finished already, so there is nothing to cancel.",
            release,
        ),
        Answer::LockedElsewhere(lock) => {
            return Some(format!(
                "{} It was said in {}, and can be taken back only there.",
                lock_words(lock),
                markdown::code(&lock.repository)
            ));
        }
        Answer::HeldBy(hold) => {
            return Some(format!(
                "{} is held for #{}, so nothing of {} is taken down there. {} frees it.",
                markdown::code(hold.environment.as_str()),
                hold.pull_request,
                markdown::code(hold.package.short()),
                markdown::code(&format!("/ocuroot unlock {}", hold.environment))
            ));
        }
        Answer::OfPullRequest(release, number) => {
            return Some(format!(
                "{} was made by #{number}, which is not merged: it goes only to environments that #{number} holds. Deploy it \
                 from there, or merge that first.",
                called(release)
            ));
        }
        _ => return about_place(answer),
    };
    Some(words.replace("{}", &called(release)))
}

fn about_place(answer: &Answer) -> Option<String> {
    let code = |place: &EnvironmentName| markdown::code(place.as_str());
    Some(match answer {
        Answer::OwnWork(release, place, rule) => format!(
            "{} is your own work, and for {} nobody approves their own ({}). Ask somebody else to approve it.",
            called(release),
            code(place),
            markdown::code(rule)
        ),
        Answer::Overtaken(release, place, newer) => format!(
            "{} is not brought to {}: the newer {} is live there. To go back to it, say {}.",
            called(release),
            code(place),
            newer.number,
            markdown::code(&format!(
                "/ocuroot rollback {place} {} --release {}",
                release.package.short(),
                release.number
            ))
        ),
        Answer::AlreadyThere(release, place) => {
            format!("{} is live in {} already.", called(release), code(place))
        }
        Answer::NoSuchDeployment(release, place) => {
            format!("{} does not deploy to {}.", called(release), code(place))
        }
        Answer::EnvironmentLeaves(release, place) => format!(
            "{} is not brought to {}: that is being emptied, and is gone then. {} shows what is still there.",
            called(release),
            code(place),
            markdown::code("/ocuroot status")
        ),
        Answer::EnvironmentGone(release, place) => format!(
            "{} is not brought to {}: there is no such environment any more. Once a file registers it again, or {} is \
             said, it is deployed to.",
            called(release),
            code(place),
            markdown::code(&format!(
                "/ocuroot set @/environment/{place}='{{\"name\":\"{place}\"}}'"
            ))
        ),
        Answer::NeverDeployed(release, place) => format!(
            "{} was never live in {}, so there is nothing to go back to.",
            called(release),
            code(place)
        ),
        _ => return None,
    })
}

fn called(release: &ReleaseName) -> String {
    format!(
        "{} {}",
        markdown::code(release.package.short()),
        release.number
    )
}

fn unlocked(environment: &EnvironmentName, locks: &[Lock], holds: &[Hold]) -> String {
    let mut gone: Vec<String> = locks
        .iter()
        .map(|lock| {
            let what = match lock.scope.package() {
                Some(package) => format!(" for {}", markdown::code(package.short())),
                None => String::new(),
            };
            format!(
                "the {} of {}{what}",
                lock.kind,
                markdown::code(&format!("@{}", lock.by))
            )
        })
        .collect();
    gone.extend(holds.iter().map(|hold| {
        let package = markdown::code(hold.package.short());
        format!("the hold of #{} for {package}", hold.pull_request)
    }));
    format!(
        "Taken away from {}: {}.",
        markdown::code(environment.as_str()),
        gone.join(", ")
    )
}

fn denial(package: Option<&PackageName>, environment: &EnvironmentName, denied: &Denied) -> String {
    let place = match package {
        Some(package) => format!(
            "{} in {}",
            markdown::code(package.short()),
            markdown::code(environment.as_str())
        ),
        None => markdown::code(environment.as_str()),
    };
    let what = match denied.what {
        Deed::Deploy => format!("Changing {place}"),
        Deed::Approve => format!("Approving {place}"),
        Deed::BreakGlass => format!("`--break-glass` for {place}"),
    };
    format!(
        "{what} is for {}{}, and you are not among them.",
        whom(&denied.lets),
        by_rule(denied)
    )
}

/// Where the rule stands that does not let somebody.
pub(super) fn by_rule(denied: &Denied) -> String {
    let place = denied.place.as_deref();
    place.map_or_else(String::new, |place| format!(" ({})", markdown::code(place)))
}
