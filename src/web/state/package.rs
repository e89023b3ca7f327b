//! A package: its releases, newest first.

use std::collections::BTreeMap;

use askama::Template;

use super::link::Link;
use super::look::{Look, time};
use super::parts::{class, phase_word, phases};
use crate::model::{Glob, PackageName, Reference, ReleaseNumber, SubPathKind};
use crate::store::Documents;

/// The most releases on the page.
const SHOWN: usize = 50;

/// The page of a package.
#[derive(Template)]
#[template(path = "web/state/package.html")]
pub(super) struct Page {
    package: PackageName,
    releases: Vec<Row>,
    all: Option<Link>,
    customs: Vec<Link>,
}

struct Row {
    link: Link,
    since: String,
    commit: String,
    tags: Vec<String>,
    phases: Vec<(String, &'static str, &'static str)>,
    live: Vec<Link>,
}

impl Page {
    /// `None` when the package has no release.
    pub(super) async fn of(look: &Look, reference: &Reference) -> anyhow::Result<Option<Page>> {
        let Some(package) = reference.package() else {
            return Ok(None);
        };
        let mut numbers: Vec<ReleaseNumber> = Vec::new();
        let mut tags: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for child in look.children(reference, Documents::State).await? {
            let word = child.release.clone().unwrap_or_default();
            match word.parse() {
                Ok(number) => numbers.push(number),
                Err(_) if word.is_empty() => {}
                Err(_) => {
                    let tagged = look.record(&child, Documents::State).await?;
                    let release = tagged.and_then(|tagged| tagged.target.release);
                    tags.entry(release.unwrap_or_default())
                        .or_default()
                        .push(word);
                }
            }
        }
        if numbers.is_empty() {
            return Ok(None);
        }
        numbers.sort_by(|one, two| two.cmp(one));
        let own = Glob::escaped(&package.to_string());
        let all = (numbers.len() > SHOWN).then(|| {
            let text = format!("All {} releases", numbers.len());
            Link::search(&text, &format!("{own}/@r*"))
        });
        numbers.truncate(SHOWN);
        let mut live = live(look, &package).await?;
        let mut releases = Vec::new();
        for number in numbers {
            let name = number.to_string();
            let mut row = row(look, &package, &name).await?;
            row.tags = tags.remove(&name).unwrap_or_default();
            row.live = live.remove(&name).unwrap_or_default();
            releases.push(row);
        }
        let customs = look.all(&format!("{own}/@/custom/**")).await?;
        Ok(Some(Page {
            package,
            releases,
            all,
            customs: customs.iter().map(Link::to).collect(),
        }))
    }
}

/// Where each release is live.
async fn live(look: &Look, package: &PackageName) -> anyhow::Result<BTreeMap<String, Vec<Link>>> {
    let own = Glob::escaped(&package.to_string());
    let mut live: BTreeMap<String, Vec<Link>> = BTreeMap::new();
    for place in look.all(&format!("{own}/@/deploy/*")).await? {
        let found = look.record(&place, Documents::State).await?;
        let release = found.and_then(|found| found.target.release);
        if let (Some(release), Some((SubPathKind::Deploy, name))) = (release, &place.subpath) {
            let link = Link::called(name, &place);
            live.entry(release).or_default().push(link);
        }
    }
    Ok(live)
}

async fn row(look: &Look, package: &PackageName, release: &str) -> anyhow::Result<Row> {
    let reference = Reference::of_release(package, release);
    let document = look.document(&reference).await?;
    let commit = document["commit"].as_str().unwrap_or_default();
    let made = Reference::of_package(package, release, SubPathKind::Commit, commit);
    let runs = look.runs(package, release).await?;
    let runs = runs.get(release).cloned().unwrap_or_default();
    let phases = phases(&document);
    let phases = phases.iter().map(|phase| {
        let word = phase_word(phase, &runs);
        (phase.name.clone(), word, class(word))
    });
    Ok(Row {
        link: Link::called(release, &reference),
        since: time(&look.document(&made).await?),
        commit: commit.chars().take(10).collect(),
        tags: Vec::new(),
        phases: phases.collect(),
        live: Vec::new(),
    })
}
