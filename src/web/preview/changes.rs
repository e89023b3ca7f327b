//! Tells pages that what they show has changed.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::sync::watch::{Receiver, Sender, channel};

use super::Drafter;

/// Looking at a few hundred files takes less than a millisecond; people take longer to switch windows.
const INTERVAL: Duration = Duration::from_millis(300);

/// Counts changes.
#[derive(Clone)]
pub(super) struct Changes(Receiver<u64>);

impl Changes {
    /// Looks at the draft's files as long as somebody is interested. What changes after this returned is noticed.
    pub(super) async fn follow(draft: Drafter) -> Changes {
        let (sender, receiver) = channel(0);
        let known = Known::of(&draft, Vec::new()).await;
        tokio::spawn(look(draft, known, sender));
        Changes(receiver)
    }

    /// `connected` at once, `reload` after each change.
    pub(super) fn events(self) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
        let start = (self.0, "connected");
        let events = unfold(start, |(mut receiver, event)| async move {
            match event {
                "connected" => receiver.mark_unchanged(),
                _ => receiver.changed().await.ok()?,
            }
            // Without data a browser ignores an event.
            let said = Event::default().event(event).data("now");
            Some((Ok(said), (receiver, "reload")))
        });
        Sse::new(events).keep_alive(KeepAlive::default())
    }
}

async fn look(draft: Drafter, mut known: Known, changed: Sender<u64>) {
    while !changed.is_closed() {
        tokio::time::sleep(INTERVAL).await;
        if known.is_as_it_was().await {
            continue;
        }
        // A file may be gone for the moment in which an editor replaces it: keep looking at those known so far.
        let files = known.files.iter().map(|(file, _)| file.clone());
        let now = Known::of(&draft, files.collect()).await;
        // A folder also changes by files that are not read.
        if now.files != known.files {
            changed.send_modify(|count| *count += 1);
        }
        known = now;
    }
}

/// How files and the folders they are in looked last.
struct Known {
    files: Seen,
    folders: Seen,
}

impl Known {
    /// The draft's files, and more.
    async fn of(draft: &Drafter, more: Vec<PathBuf>) -> Known {
        let draft = draft.clone();
        let drafted = tokio::task::spawn_blocking(move || draft()).await;
        let mut files = more;
        if let Ok(Ok(draft)) = drafted {
            files.extend(draft.files);
        }
        let files: BTreeSet<PathBuf> = files.into_iter().collect();
        let folders = files.iter().filter_map(|file| file.parent());
        let folders: BTreeSet<PathBuf> = folders.map(Path::to_owned).collect();
        Known {
            files: seen(files.into_iter().collect()).await,
            folders: seen(folders.into_iter().collect()).await,
        }
    }

    async fn is_as_it_was(&self) -> bool {
        for known in [&self.files, &self.folders] {
            let paths = known.iter().map(|(path, _)| path.clone()).collect();
            if seen(paths).await != *known {
                return false;
            }
        }
        true
    }
}

/// What can be told of a file without reading it.
type Seen = Vec<(PathBuf, Option<(SystemTime, u64)>)>;

async fn seen(files: Vec<PathBuf>) -> Seen {
    let look = move || {
        let mark = |file: &Path| {
            let metadata = file.metadata().ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        };
        files
            .into_iter()
            .map(|file| (file.clone(), mark(&file)))
            .collect()
    };
    tokio::task::spawn_blocking(look).await.unwrap_or_default()
}
