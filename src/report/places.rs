//! What is where, in words.

use std::fmt::Write;

use super::markdown;
use crate::model::{LiveDeployment, Timestamp};

/// The live deployments of a repository's packages.
pub fn places(deployments: &[LiveDeployment], now: Timestamp) -> String {
    if deployments.is_empty() {
        return "Nothing of this repository is deployed anywhere.".to_owned();
    }
    let mut text =
        String::from("| package | environment | release | deployed |\n| --- | --- | --- | --- |\n");
    for place in deployments {
        let environment = markdown::link(
            &markdown::code(place.environment.as_str()),
            place.url.as_ref(),
        );
        let since = now.since(place.since);
        let _ = writeln!(
            text,
            "| {} | {environment} | **{}** | {} ago |",
            markdown::cell(&markdown::code(place.package.short())),
            place.release.number,
            markdown::duration(since)
        );
    }
    markdown::fit(text)
}

#[cfg(test)]
mod tests {
    use super::places;
    use crate::model::Timestamp;

    #[test]
    fn nothing_is_said_as_such() {
        insta::assert_snapshot!(places(&[], Timestamp(0)), @"Nothing of this repository is deployed anywhere.");
    }
}
