//! The first page: what is live where.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;

use super::link::Link;
use super::look::{Intents, Look};
use super::parts::{class, drift_word, phase_word, phases};
use crate::model::{PackageName, Reference, SubPathKind};
use crate::store::Documents;

/// Environments × packages.
#[derive(Template)]
#[template(path = "web/state/start.html")]
pub(super) struct Page {
    environments: Vec<Column>,
    rows: Vec<Row>,
    drift: Vec<(Link, &'static str)>,
    customs: Vec<Link>,
}

struct Column {
    link: Link,
    drift: Option<&'static str>,
}

struct Row {
    package: Link,
    repository: String,
    latest: Option<Link>,
    word: &'static str,
    class: &'static str,
    cells: Vec<Cell>,
}

/// What a package is in an environment.
#[derive(Default)]
struct Cell {
    live: Option<Link>,
    is_latest: bool,
    since: String,
    /// Where the latest release stands there, when it is not done.
    newer: Option<(Link, String, &'static str)>,
    drift: Option<(Link, String)>,
}

impl Page {
    pub(super) async fn of(look: &Look) -> anyhow::Result<Page> {
        let intents = look.intents().await?;
        let mut names = BTreeSet::new();
        let mut packages = BTreeSet::new();
        let mut known = look.all("{@/environment/*,**/@,**/@/deploy/*}").await?;
        known.extend(intents.wanted.keys().cloned());
        for reference in known {
            if let Some((SubPathKind::Environment | SubPathKind::Deploy, name)) = &reference.subpath
            {
                names.insert(name.clone());
            }
            let is_own = matches!(reference.subpath, None | Some((SubPathKind::Deploy, _)));
            let package = reference.package().filter(|_| is_own);
            packages.extend(package.filter(|package| package.path != "repo.ocu.star"));
        }
        let mut rows = Vec::new();
        for package in packages {
            rows.push(row(look, &package, &names, &intents).await?);
        }
        let column = |name: &String| {
            let reference = Reference::global(SubPathKind::Environment, name);
            Column {
                drift: intents.drift.get(&reference).copied().map(drift_word),
                link: Link::called(name, &reference),
            }
        };
        let drift = intents.drift.iter();
        let customs = look.all("{@/custom/**,**/@/custom/**}").await?;
        Ok(Page {
            environments: names.iter().map(column).collect(),
            rows,
            drift: drift
                .map(|(reference, step)| (Link::to(reference), drift_word(*step)))
                .collect(),
            customs: customs.iter().map(Link::to).collect(),
        })
    }
}

async fn row(
    look: &Look,
    package: &PackageName,
    environments: &BTreeSet<String>,
    intents: &Intents,
) -> anyhow::Result<Row> {
    let own = Reference {
        release: None,
        ..Reference::of_release(package, "")
    };
    let latest = Reference::of_release(package, "");
    let latest = look.record(&latest, Documents::State).await?;
    let release = latest
        .as_ref()
        .and_then(|latest| latest.target.release.clone());
    let mut runs = BTreeMap::new();
    let mut word = "pending";
    if let (Some(release), Some(latest)) = (&release, &latest) {
        let all = look.runs(package, release).await?;
        runs = all.get(release).cloned().unwrap_or_default();
        let words = phases(&latest.value);
        let mut words = words.iter().map(|phase| phase_word(phase, &runs));
        word = words.find(|word| *word != "complete").unwrap_or("complete");
    }
    let mut cells = Vec::new();
    for environment in environments {
        let mut cell = cell(look, package, environment, release.as_deref(), intents).await?;
        let task = format!("deploy/{environment}");
        let last = runs.get(&task).and_then(|runs| runs.iter().next_back());
        if let (Some((number, word)), Some(release)) = (last, &release)
            && word != "complete"
        {
            let name = format!("{environment}/{number}");
            let run = Reference::of_package(package, release, SubPathKind::Deploy, &name);
            cell.newer = Some((Link::called(release, &run), word.clone(), class(word)));
        }
        cells.push(cell);
    }
    Ok(Row {
        package: Link::called(&package.path, &own),
        repository: package.repository.clone(),
        latest: latest.map(|latest| Link::called(&release.unwrap_or_default(), &latest.target)),
        word,
        class: class(word),
        cells,
    })
}

async fn cell(
    look: &Look,
    package: &PackageName,
    environment: &str,
    latest: Option<&str>,
    intents: &Intents,
) -> anyhow::Result<Cell> {
    let place = Reference::of_package(package, "", SubPathKind::Deploy, environment);
    let mut cell = Cell::default();
    if let Some(live) = look.record(&place, Documents::State).await? {
        let release = release_of(&live.value["release"]);
        let run = live.value["run_ref"].as_str().unwrap_or_default();
        cell.since = look.since(run, "complete").await?;
        cell.is_latest = release.as_deref() == latest;
        cell.live = release.map(|release| Link::called(&release, &live.target));
    }
    if let Some(step) = intents.drift.get(&place) {
        let wanted = intents.wanted.get(&place);
        let wanted = wanted.and_then(|wanted| release_of(&wanted["release"]));
        let words = match wanted {
            Some(release) if cell.live.as_ref().is_none_or(|live| live.text != release) => {
                format!("should be {release}")
            }
            _ => drift_word(*step).to_owned(),
        };
        cell.drift = Some((Link::to(&place), words));
    }
    Ok(cell)
}

/// The release's name in its ref.
fn release_of(reference: &serde_json::Value) -> Option<String> {
    let (_, release) = reference.as_str()?.rsplit_once("/@")?;
    Some(release.to_owned())
}
