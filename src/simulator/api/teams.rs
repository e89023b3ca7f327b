//! Who is in which team.

use serde_json::json;

use crate::simulator::answer::Answer;
use crate::simulator::call::Call;
use crate::simulator::route::{Access, Route};
use crate::simulator::state::refusal::Refusal;
use crate::simulator::tokens::Caller;

pub(crate) const ROUTES: &[Route] = &[Route {
    method: "GET",
    template: "/orgs/{org}/teams/{team}/memberships/{user}",
    access: Access::Installation(&[("members", "read")]),
    handler: membership,
}];

/// Not found is whoever is not a member, a team that does not exist, and a team of an organization that the caller's
/// installation does not belong to.
fn membership(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let (organization, team) = (call.parameter("org"), call.parameter("team"));
    let user = call.parameter("user");
    let Caller::Installation(token) = &call.caller else {
        return Err(Refusal::not_found());
    };
    let is_its_own = call
        .world
        .installation(token.installation)
        .is_some_and(|found| found.account.eq_ignore_ascii_case(organization));
    if !is_its_own || !call.world.is_in_team(organization, team, user) {
        return Err(Refusal::not_found());
    }
    let url = format!("{}{}", call.world.url, call.path);
    Ok(Answer::json(
        200,
        &json!({"url": url, "role": "member", "state": "active"}),
    ))
}
