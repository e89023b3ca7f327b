//! What the buttons of the pages do: the same verbs as the Rust API.

use std::collections::BTreeMap;

use crate::simulator::answer::Answer;
use crate::simulator::gate::Incoming;
use crate::simulator::route::form;
use crate::simulator::shared::Shared;
use crate::simulator::state::merge::MergeMethod;
use crate::simulator::state::push::PushMode;
use crate::simulator::state::refusal::Refusal;
use crate::simulator::state::world::World;

/// Carries out a posted form and goes back to where it was.
pub(super) fn submit(
    shared: &Shared,
    segments: &[&str],
    incoming: &Incoming,
) -> Result<Answer, Refusal> {
    let mut world = shared.lock();
    // Other sites may send forms to the loopback interface as well; browsers say so.
    if incoming
        .headers
        .get("origin")
        .is_some_and(|origin| *origin != world.url && origin != "null")
    {
        return Err(Refusal::new(403, "the form comes from another site"));
    }
    let fields = form(&String::from_utf8_lossy(&incoming.body));
    let field = |name: &str| {
        fields
            .get(name)
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
    };
    let user = field("user").ok_or_else(|| Refusal::unprocessable("choose a user"))?;
    let back = carry_out(&mut world, segments, &fields, &user)?;
    let cookie = format!("user={user}; Path=/; SameSite=Strict; HttpOnly");
    Ok(Answer::redirect(
        303,
        field("back").filter(|back| is_local(back)).unwrap_or(back),
    )
    .with("Set-Cookie", cookie))
}

fn is_local(path: &str) -> bool {
    path.starts_with('/') && !path.starts_with("//")
}

fn carry_out(
    world: &mut World,
    segments: &[&str],
    fields: &BTreeMap<String, String>,
    user: &str,
) -> Result<String, Refusal> {
    let field = |name: &str| {
        fields
            .get(name)
            .map(|text| text.replace("\r\n", "\n"))
            .unwrap_or_default()
    };
    let [owner, name, kind, id, action @ ..] = segments else {
        return Err(Refusal::not_found());
    };
    let repository = format!("{owner}/{name}");
    let number = || id.parse::<u64>().map_err(|_| Refusal::not_found());
    let back = format!("/{repository}/{kind}/{id}");
    match (*kind, action) {
        ("pull", ["comment"]) => world
            .comment(&repository, number()?, user, &field("body"), false)
            .map(drop)?,
        ("pull", ["merge"]) => world
            .merge_pull_request(&repository, number()?, MergeMethod::Merge, user)
            .map(drop)?,
        ("pull", ["close"]) => world.change_pull_request(
            &repository,
            number()?,
            "closed",
            user,
            |pull_request, now| {
                pull_request.open = false;
                pull_request.closed_at = Some(now);
            },
        )?,
        ("pull", ["reopen"]) => {
            world.change_pull_request(
                &repository,
                number()?,
                "reopened",
                user,
                |pull_request, _| {
                    pull_request.open = true;
                    pull_request.closed_at = None;
                },
            )?;
        }
        ("check-runs", ["press"]) => {
            world.press_button(&repository, number()?, &field("identifier"), user)?;
            return Ok(format!("/{repository}/runs/{id}"));
        }
        ("check-runs", ["rerequest"]) => {
            world.rerequest_check_run(&repository, number()?, user)?;
            return Ok(format!("/{repository}/runs/{id}"));
        }
        ("edit", path) => {
            return edit(
                world,
                &repository,
                id,
                &path.join("/"),
                &field("text"),
                user,
                &field("propose"),
            );
        }
        _ => return Err(Refusal::not_found()),
    }
    Ok(back)
}

/// Commits an edited file to its branch, or proposes it as a pull request.
fn edit(
    world: &mut World,
    repository: &str,
    branch: &str,
    path: &str,
    text: &str,
    user: &str,
    propose: &str,
) -> Result<String, Refusal> {
    let message = format!("Update {path}");
    let changes = vec![(path.to_owned(), Some(text.to_owned()))];
    if propose.is_empty() {
        world.push(
            repository,
            branch,
            &changes,
            &message,
            user,
            PushMode::Append,
        )?;
        return Ok(format!("/{repository}"));
    }
    let next = world.repository(repository)?.last_number + 1;
    let new = crate::simulator::state::pull_request::NewPullRequest {
        title: message,
        branch: format!("{user}-patch-{next}"),
        base: branch.to_owned(),
        files: changes,
        user: user.to_owned(),
        ..Default::default()
    };
    let number = world.open_pull_request(repository, new)?;
    Ok(format!("/{repository}/pull/{number}"))
}
