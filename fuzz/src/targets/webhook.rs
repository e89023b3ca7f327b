//! The body of a delivery. The first line is the event's name.

use ocuroot::webhook::{Event, parse};

/// What is kept and logged of a delivery that cannot be read must not be the delivery once more.
const LONGEST_REASON: usize = 2_000;

pub fn run(data: &[u8]) {
    let Some((event, body)) = super::first_line(data) else {
        return;
    };
    let parsed = match parse(event, body) {
        Ok(parsed) => parsed,
        Err(error) => {
            assert!(
                error.reason.len() <= LONGEST_REASON,
                "{}",
                error.reason.len()
            );
            return;
        }
    };
    let spaced = [b" \n".as_slice(), body, b"\t\r\n".as_slice()].concat();
    let again = parse(event, &spaced).expect("space around it changes nothing");
    assert_eq!(parsed, again);
    match &parsed.event {
        Event::Push(push) => {
            for commit in [&push.before, &push.after] {
                assert!(matches!(commit.as_str().len(), 40 | 64));
            }
        }
        Event::PullRequest(pull) => {
            let is_ours = pull.ends.head_repository_id.is_some();
            assert!(pull.ends.is_fork || is_ours, "who knows is a fork");
        }
        Event::Comment(comment) => super::command::check(&comment.body),
        _ => {}
    }
}
