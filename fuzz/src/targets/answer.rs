//! What the sandbox's process answers. Should somebody get to run code in it, then this is all they can say.

use ocuroot::config::Evaluation;
use ocuroot::model::{Invocation, Outcome};

pub fn run(data: &[u8]) {
    if let Ok(invocation) = serde_json::from_slice::<Invocation>(data) {
        let text = serde_json::to_string(&invocation).expect("JSON");
        let again: Invocation = serde_json::from_str(&text).expect("what was written can be read");
        assert_eq!(again, invocation);
        if let Invocation::Finished { outcome, .. } = invocation {
            super::report::ends(&outcome);
        }
    }
    if let Ok(outcome) = serde_json::from_slice::<Outcome>(data) {
        super::report::ends(&outcome);
    }
    if let Ok(evaluation) = serde_json::from_slice::<Evaluation>(data) {
        super::release::of(&evaluation);
    }
}
