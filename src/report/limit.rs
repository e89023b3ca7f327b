//! Steps that GitHub's request limits keep from starting: people should not look for the reason elsewhere.

use crate::engine::status::ReleaseStatus;
use crate::model::{Limited, Progress, Timestamp};

/// The end of a title.
pub(super) fn clause(status: ReleaseStatus, progress: &Progress) -> String {
    match &progress.limited {
        Some(limited) if status == ReleaseStatus::Running => {
            format!(", GitHub limits us until {}", clock(limited.until))
        }
        _ => String::new(),
    }
}

/// What waits, and why.
pub(super) fn section(progress: &Progress) -> String {
    let Some(Limited { until, steps }) = progress.limited else {
        return String::new();
    };
    let who = match steps {
        1 => "1 step is ready and starts".to_owned(),
        steps => format!("{steps} steps are ready and start"),
    };
    format!(
        "\n⏳ **GitHub limits us until {}.** As many requests as it allows an App have been made for this account: {who} \
         when more may be. Nothing has to be done.\n",
        clock(until)
    )
}

/// `10:14 UTC`: it is never as much as a day.
fn clock(at: Timestamp) -> String {
    let text = at.rfc3339();
    format!("{} UTC", text.get(11..16).unwrap_or(&text))
}
