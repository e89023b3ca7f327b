//! What goes wrong in a simulation, and during which deed.

use std::fmt;

use ocuroot::simulator::{DeliveryFault, RequestFault};

use super::random::Random;

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fault {
    /// During which deed; 0 is the beginning.
    pub(super) deed: usize,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// The next delivery of an event, or the next at all.
    Delivery(Option<&'static str>, DeliveryFault),
    /// Deliveries overtake each other.
    Shuffle,
    /// Requests to GitHub.
    Request(&'static str, &'static str, usize, RequestFault),
    /// GitHub's lists lag behind, in seconds.
    Stale(i64),
    /// The server dies after so many more of its commits.
    KillAtCommit(i64),
    /// The server dies after so many more of its requests to GitHub were carried out, before it sees the answer.
    KillAtRequest(usize),
    /// The next workflow run that starts.
    Job(JobFault),
    /// The sweep comes between any two steps.
    Sweeps,
}

/// How a workflow run and its job misbehave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum JobFault {
    /// It never gets a machine; GitHub cancels it after a day.
    NeverStarts,
    /// GitHub finds the workflow file invalid.
    StartupFailure,
    /// It takes its run and never ends; GitHub ends it after six hours.
    NeverEnds,
    /// It ends without having said anything.
    EndsSilently,
    /// It reports twice, and something else the second time.
    ReportsTwice,
    /// It does not get the answer to its claim and asks again; then somebody else does.
    ClaimsTwice,
    /// GitHub says that it has ended before it reports.
    ReportsLate,
    /// Somebody re-runs it by hand after its end.
    RunsAgain,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}. {:?}", self.deed, self.kind)
    }
}

const REQUESTS: [(&str, &str); 14] = [
    ("POST", "*/dispatches"),
    ("POST", "*/dispatches"),
    ("GET", "*/runs*"),
    ("POST", "*/check-runs"),
    ("PATCH", "*/check-runs/*"),
    ("GET", "*/check-runs"),
    ("POST", "*/comments"),
    ("PATCH", "*/comments/*"),
    ("POST", "*/reactions"),
    ("POST", "*/deployments"),
    ("POST", "*/statuses"),
    ("GET", "*/git/*"),
    ("GET", "*"),
    ("POST", "*/access_tokens"),
];

fn request(random: &mut Random) -> Kind {
    let (method, path) = random.pick(&REQUESTS);
    let mut faults = vec![
        RequestFault::ServerError,
        RequestFault::BadGateway,
        RequestFault::SecondaryLimit(120),
        RequestFault::SecondaryLimitWithoutTime,
        RequestFault::TooManyRequests(90),
        RequestFault::TooManyRequestsWithoutTime,
        RequestFault::Unauthorized,
        RequestFault::Reset,
        RequestFault::LoseAnswer,
        RequestFault::LoseAnswer,
        RequestFault::LoseAnswer,
    ];
    if path == "*/git/*" {
        faults.push(RequestFault::NotFound);
    }
    Kind::Request(method, path, 1 + random.below(3), random.pick(&faults))
}

fn delivery(random: &mut Random) -> Kind {
    let fault = random.pick(&[
        DeliveryFault::Fail,
        DeliveryFault::Duplicate,
        DeliveryFault::Hold,
        DeliveryFault::Vanish,
    ]);
    // What nobody tells and GitHub lists nowhere is lost: commands and buttons. Everything else is found by looking.
    let events: &[Option<&str>] = match fault {
        DeliveryFault::Vanish => &[Some("push"), Some("workflow_run")],
        _ => &[
            None,
            Some("push"),
            Some("pull_request"),
            Some("issue_comment"),
            Some("check_run"),
            Some("workflow_run"),
        ],
    };
    Kind::Delivery(random.pick(events), fault)
}

const JOBS: [JobFault; 8] = [
    JobFault::NeverStarts,
    JobFault::StartupFailure,
    JobFault::NeverEnds,
    JobFault::EndsSilently,
    JobFault::ReportsTwice,
    JobFault::ClaimsTwice,
    JobFault::ReportsLate,
    JobFault::RunsAgain,
];

/// One to five things that go wrong during a story of so many deeds; now and then a dozen.
pub(super) fn plan(random: &mut Random, deeds: usize) -> Vec<Fault> {
    let count = if random.once_in(8) {
        12
    } else {
        1 + random.below(5)
    };
    let mut plan: Vec<Fault> = (0..count)
        .map(|_| Fault {
            deed: random.below(deeds + 1),
            kind: match random.below(16) {
                0..=3 => request(random),
                4..=6 => delivery(random),
                7..=9 => Kind::KillAtCommit(i64::try_from(random.below(24)).expect("it is small")),
                10 | 11 => Kind::KillAtRequest(1 + random.below(12)),
                12 | 13 => Kind::Job(random.pick(&JOBS)),
                14 => random.pick(&[Kind::Shuffle, Kind::Sweeps]),
                _ => Kind::Stale(1 + i64::try_from(random.below(5)).expect("it is small")),
            },
        })
        .collect();
    // A repository of which nothing at all was ever heard is not looked for.
    for fault in &mut plan {
        if matches!(fault.kind, Kind::Delivery(_, DeliveryFault::Vanish)) {
            fault.deed = fault.deed.max(1);
        }
    }
    plan.sort_by_key(|fault| fault.deed);
    plan
}
