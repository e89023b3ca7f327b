//! The rules of a config file, a line each.

use crate::model::{EnvironmentSelector, Guards, Protection, QueuePolicy};
use crate::report::markdown;

/// What the file guards, in order: where, and by what.
pub(super) fn lines(guards: &Guards) -> Vec<String> {
    let protections = guards.protections.iter().map(|protection| {
        let places = places(&protection.environments);
        let by = held_by(protection);
        format!("protect {places}: {}", by.join("; "))
    });
    let freezes = guards.freezes.iter().map(|freeze| {
        let windows: Vec<String> = freeze.windows.iter().map(ToString::to_string).collect();
        let places = places(&freeze.environments);
        format!(
            "freeze {places}: {} ({})",
            windows.join(", "),
            freeze.reason
        )
    });
    protections.chain(freezes).collect()
}

fn places(selectors: &[EnvironmentSelector]) -> String {
    let selectors = selectors.iter().map(|selector| match selector {
        EnvironmentSelector::Name(name) => name.to_string(),
        EnvironmentSelector::Attributes(wanted) => {
            let wanted = wanted.iter().map(|(key, value)| format!("{key}={value}"));
            wanted.collect::<Vec<_>>().join(" and ")
        }
    });
    selectors.collect::<Vec<_>>().join(", ")
}

fn held_by(protection: &Protection) -> Vec<String> {
    let mut parts = Vec::new();
    let names = |people: &[crate::model::Grantee]| {
        let names: Vec<String> = people.iter().map(ToString::to_string).collect();
        names.join(" or ")
    };
    if !protection.deploy.is_empty() {
        parts.push(format!("deployed by {}", names(&protection.deploy)));
    }
    match (protection.approvals, protection.approve.as_slice()) {
        (0, _) => {}
        (1, []) => parts.push("1 approval".to_owned()),
        (count, []) => parts.push(format!("{count} approvals")),
        (count, people) => parts.push(format!("{count} of {} approve", names(people))),
    }
    if protection.approvals > 0 && protection.allow_self {
        parts.push("one's own counts".to_owned());
    }
    let windows = protection.windows.iter().map(ToString::to_string);
    parts.extend(windows.map(|window| format!("at {window}")));
    let soak = protection.soak_seconds;
    parts.extend(soak.map(|seconds| {
        let soak = markdown::duration(seconds * 1000);
        format!("{soak} after the environments before it")
    }));
    if protection.confirm {
        parts.push("commands must be confirmed".to_owned());
    }
    match protection.queue {
        QueuePolicy::Newest => {}
        QueuePolicy::All => parts.push("every release, one after the other".to_owned()),
        QueuePolicy::Manual => parts.push("only when somebody says deploy".to_owned()),
    }
    parts.push(match protection.pull_requests {
        true => "open pull requests may go there".to_owned(),
        false => "only what is merged".to_owned(),
    });
    if !protection.break_glass.is_empty() {
        let people = names(&protection.break_glass);
        parts.push(format!("--break-glass by {people}"));
    }
    parts
}

#[cfg(test)]
mod tests {
    use crate::config::{Limits, SourceTree, evaluate};

    #[test]
    fn every_rule_is_said_in_a_line() {
        let mut tree = SourceTree::new();
        tree.insert(
            "rules.ocu.star",
            r#"
protect(["staging", {"type": "test", "zone": "eu"}], approvals=0)
protect(["production"], approvals=1, allow_self=True, pull_requests=True)
protect(["production"], deploy=["@acme/sre", "@alice"], approve=["codeowners"], approvals=2,
    windows=["Mon-Fri 09:00-17:00 UTC"], soak="1h", confirm=True, break_glass=["@bob"], queue="manual")
protect(["production"], approvals=3, queue="all")
freeze([{"type": "production"}], ["2026-12-20..2027-01-03 UTC"], "end of the year")
"#,
        );
        let evaluation = evaluate(&tree, "rules.ocu.star", &[], &Limits::default());
        insta::assert_snapshot!(super::lines(&evaluation.guards).join("\n"), @r"
        protect staging, type=test and zone=eu: only what is merged
        protect production: 1 approval; one's own counts; open pull requests may go there
        protect production: deployed by @acme/sre or @alice; 2 of codeowners approve; at Mon-Fri 09:00-17:00 UTC; 1 h 00 min after the environments before it; commands must be confirmed; only when somebody says deploy; only what is merged; --break-glass by @bob
        protect production: 3 approvals; every release, one after the other; only what is merged
        freeze type=production: 2026-12-20..2027-01-03 UTC (end of the year)
        ");
    }
}
