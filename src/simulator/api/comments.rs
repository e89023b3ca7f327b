//! The conversation of a pull request, and who may take part.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::simulator::answer::Answer;
use crate::simulator::call::Call;
use crate::simulator::route::{Access, Route};
use crate::simulator::state::refusal::Refusal;
use crate::simulator::state::repository::Permission;
use crate::simulator::timestamp::iso8601;

const READ: Access = Access::Installation(&[("issues", "read"), ("pull_requests", "read")]);
const WRITE: Access = Access::Installation(&[("issues", "write"), ("pull_requests", "write")]);

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/issues/{number}/comments",
        access: READ,
        handler: list,
    },
    Route {
        method: "POST",
        template: "/repos/{owner}/{repo}/issues/{number}/comments",
        access: WRITE,
        handler: create,
    },
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/issues/comments",
        access: READ,
        handler: list_all,
    },
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/issues/comments/{id}",
        access: READ,
        handler: get,
    },
    Route {
        method: "PATCH",
        template: "/repos/{owner}/{repo}/issues/comments/{id}",
        access: WRITE,
        handler: change,
    },
    Route {
        method: "DELETE",
        template: "/repos/{owner}/{repo}/issues/comments/{id}",
        access: WRITE,
        handler: delete,
    },
    Route {
        method: "POST",
        template: "/repos/{owner}/{repo}/issues/comments/{id}/reactions",
        access: WRITE,
        handler: react,
    },
    Route {
        method: "GET",
        template: "/repos/{owner}/{repo}/collaborators/{user}/permission",
        access: Access::Installation(&[("metadata", "read")]),
        handler: permission,
    },
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    body: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewReaction {
    content: String,
}

fn list(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let number = call.number("number")?;
    call.world.issue_json(&call.repository, number)?;
    let ids: Vec<u64> = call
        .repo()?
        .comments
        .values()
        .filter(|comment| comment.number == number)
        .filter(|comment| call.world.is_listed(comment.created_at))
        .map(|comment| comment.id)
        .collect();
    let items: Result<Vec<Value>, Refusal> = ids
        .iter()
        .map(|id| call.world.comment_json(&call.repository, *id))
        .collect();
    call.page(None, &items?)
}

fn list_all(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let since = call.query.get("since").cloned().unwrap_or_default();
    let comments = call.repo()?.comments.values();
    // Times of the same form compare like texts; GitHub's `since` is about the last change.
    let ids: Vec<u64> = comments
        .filter(|comment| iso8601(comment.updated_at).as_str() >= since.get(..19).unwrap_or(""))
        .map(|comment| comment.id)
        .collect();
    let items: Result<Vec<Value>, Refusal> = ids
        .iter()
        .map(|id| call.world.comment_json(&call.repository, *id))
        .collect();
    call.page(None, &items?)
}

fn create(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let Body { body } = call.body()?;
    let (repository, number, login) = (
        call.repository.clone(),
        call.number("number")?,
        call.login(),
    );
    needs_pull_requests_write(call, number)?;
    let id = call
        .world
        .comment(&repository, number, &login, &body, true)?;
    Ok(Answer::json(
        201,
        &call.world.comment_json(&repository, id)?,
    ))
}

/// `issues: write` alone does not let an App write to the conversation of a pull request.
fn needs_pull_requests_write(call: &Call<'_>, number: u64) -> Result<(), Refusal> {
    if call.repo()?.pull_requests.contains_key(&number) && !call.may("pull_requests", "write") {
        return Err(Refusal {
            violation: true,
            ..Refusal::new(403, "Resource not accessible by integration")
        });
    }
    Ok(())
}

fn get(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::json(
        200,
        &call
            .world
            .comment_json(&call.repository, call.number("id")?)?,
    ))
}

fn own(call: &Call<'_>) -> Result<(String, u64, String), Refusal> {
    let (id, login) = (call.number("id")?, call.login());
    let comment = call
        .repo()?
        .comments
        .get(&id)
        .ok_or_else(Refusal::not_found)?;
    needs_pull_requests_write(call, comment.number)?;
    Ok((call.repository.clone(), id, login))
}

fn change(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let Body { body } = call.body()?;
    let (repository, id, login) = own(call)?;
    call.world.edit_comment(&repository, id, &login, &body)?;
    Ok(Answer::json(
        200,
        &call.world.comment_json(&repository, id)?,
    ))
}

fn delete(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let (repository, id, login) = own(call)?;
    call.world.delete_comment(&repository, id, &login)?;
    Ok(Answer::empty(204))
}

fn react(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let NewReaction { content } = call.body()?;
    let (repository, id, login) = own(call)?;
    let (reaction, created) = call.world.react(&repository, id, &login, &content)?;
    Ok(Answer::json(
        if created { 201 } else { 200 },
        &call.world.reaction_json(&reaction),
    ))
}

fn permission(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let login = call.parameter("user").to_owned();
    let user = call
        .world
        .known_user(&login)
        .ok_or_else(Refusal::not_found)?;
    let permission = call.repo()?.permission(&login);
    let mut json = call.world.user_json(&user.login);
    json["role_name"] = json!(permission.role());
    json["permissions"] = json!({
        "pull": permission >= Permission::Read, "triage": permission >= Permission::Triage,
        "push": permission >= Permission::Write, "maintain": permission >= Permission::Maintain,
        "admin": permission >= Permission::Admin,
    });
    let answer =
        json!({"permission": permission.legacy(), "role_name": permission.role(), "user": json});
    Ok(Answer::json(200, &answer))
}
