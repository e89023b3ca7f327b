//! An environment: what is live there.

use std::collections::BTreeSet;

use askama::Template;

use super::link::Link;
use super::look::Look;
use super::parts::{RecordView, drift_word};
use crate::model::{Glob, Reference, SubPathKind};
use crate::store::{Documents, Record};

/// The page of an environment.
#[derive(Template)]
#[template(path = "web/state/environment.html")]
pub(super) struct Page {
    name: String,
    attributes: Vec<String>,
    is_deleting: bool,
    rows: Vec<Row>,
    record: RecordView,
}

struct Row {
    package: Link,
    place: Link,
    release: Option<Link>,
    since: String,
    drift: Option<&'static str>,
}

impl Page {
    pub(super) async fn of(
        look: &Look,
        found: &Record,
        record: RecordView,
    ) -> anyhow::Result<Page> {
        let subpath = found.target.subpath.as_ref();
        let name = subpath.map_or_else(String::new, |(_, name)| name.clone());
        let intents = look.intents().await?;
        let glob = format!("**/@/deploy/{}", Glob::escaped(&name));
        let mut places: BTreeSet<Reference> = look.all(&glob).await?.into_iter().collect();
        let of_name = (SubPathKind::Deploy, name.clone());
        let wanted = intents.wanted.keys();
        places.extend(
            wanted
                .filter(|place| place.subpath.as_ref() == Some(&of_name))
                .cloned(),
        );
        let mut rows = Vec::new();
        for place in places {
            let drift = intents.drift.get(&place).copied().map(drift_word);
            rows.push(row(look, &place, drift).await?);
        }
        let attributes = found.value["attributes"].as_object().into_iter().flatten();
        Ok(Page {
            name,
            attributes: attributes
                .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
                .collect(),
            is_deleting: found.value["deleting"] == true,
            rows,
            record,
        })
    }
}

async fn row(look: &Look, place: &Reference, drift: Option<&'static str>) -> anyhow::Result<Row> {
    let own = Reference {
        release: None,
        subpath: None,
        ..place.clone()
    };
    let live = look.record(place, Documents::State).await?;
    let mut since = String::new();
    let mut release = None;
    if let Some(live) = live {
        let run = live.value["run_ref"].as_str().unwrap_or_default();
        since = look.since(run, "complete").await?;
        let of = Reference {
            subpath: None,
            ..live.target
        };
        let word = of.release.clone().unwrap_or_default();
        release = Some(Link::called(&word, &of));
    }
    Ok(Row {
        package: Link::to(&own),
        place: Link::called("record", place),
        release,
        since,
        drift,
    })
}
