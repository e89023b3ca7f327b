//! What a glob means.

use askama::Template;

use super::MOST;
use super::link::Link;
use super::look::Look;
use crate::model::Glob;
use crate::store::Documents;

/// The refs that a glob means.
#[derive(Template)]
#[template(path = "web/state/search.html")]
pub(super) struct Page {
    glob: String,
    is_intent: bool,
    problem: Option<String>,
    found: Vec<Link>,
    has_more: bool,
}

impl Page {
    pub(super) async fn of(look: &Look, glob: &Glob, of: Documents) -> anyhow::Result<Page> {
        let mut found = look.matching(glob, of, Some(MOST + 1)).await?;
        let has_more = found.len() > MOST;
        found.truncate(MOST);
        Ok(Page {
            glob: glob.to_string(),
            is_intent: of == Documents::Intent,
            problem: None,
            found: found.iter().map(Link::to).collect(),
            has_more,
        })
    }

    /// The same page when there is nothing to look for.
    pub(super) fn wrong(text: &str, problem: &str) -> Page {
        Page {
            glob: text.to_owned(),
            is_intent: false,
            problem: Some(problem.to_owned()),
            found: Vec::new(),
            has_more: false,
        }
    }
}
