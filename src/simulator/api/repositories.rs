//! Repositories themselves.

use crate::simulator::answer::Answer;
use crate::simulator::call::Call;
use crate::simulator::route::{Access, Route};
use crate::simulator::state::refusal::Refusal;

pub(crate) const ROUTES: &[Route] = &[Route {
    method: "GET",
    template: "/repos/{owner}/{repo}",
    access: Access::Installation(&[("metadata", "read")]),
    handler: get,
}];

fn get(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::json(
        200,
        &call.world.repository_json(&call.repository)?,
    ))
}
