//! People.

use crate::simulator::answer::Answer;
use crate::simulator::call::Call;
use crate::simulator::route::{Access, Route};
use crate::simulator::state::refusal::Refusal;
use crate::simulator::tokens::Caller;

pub(crate) const ROUTES: &[Route] = &[Route {
    method: "GET",
    template: "/user",
    access: Access::User,
    handler: own,
}];

/// Whose token it is.
fn own(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let Caller::User(login) = call.caller.clone() else {
        return Err(Refusal::new(401, "Requires authentication"));
    };
    call.world.user(&login);
    Ok(Answer::json(200, &call.world.user_json(&login)))
}
