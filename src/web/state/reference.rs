//! Any other record.

use askama::Template;

use super::parts::RecordView;
use crate::model::Reference;
use crate::store::Record;

/// The page of a ref.
#[derive(Template)]
#[template(path = "web/state/reference.html")]
pub(super) struct Page {
    name: String,
    kind: &'static str,
    log: Vec<String>,
    record: RecordView,
}

impl Page {
    pub(super) fn of(reference: &Reference, found: Option<&Record>, record: RecordView) -> Page {
        let lines = found.and_then(|found| found.value.as_array());
        let lines = lines.into_iter().flatten();
        let is_log = found.is_some_and(|found| found.kind.as_str() == "log");
        let lines = lines.filter(|_| is_log);
        Page {
            name: reference.to_string(),
            kind: found.map_or("", |found| found.kind.as_str()),
            log: lines
                .filter_map(|line| line["message"].as_str().map(str::to_owned))
                .collect(),
            record,
        }
    }
}
