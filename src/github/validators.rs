//! Answers that GitHub need not send twice. What is asked again is asked with the tag of the last answer; "not changed"
//! costs nothing of the hour's requests, and is as fresh as any other answer.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::HeaderMap;

use super::error;

/// Answers that are kept for one installation, the newest.
const KEPT: usize = 256;

/// Larger answers are not kept, in bytes.
const LARGEST: usize = 32 * 1024;

/// An answer as it was.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) tag: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

#[derive(Default)]
pub(super) struct Validators(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    answers: HashMap<String, Kept>,
    /// The oldest first.
    order: VecDeque<String>,
}

impl Validators {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last answer to the same question.
    pub(super) fn known(&self, question: &str) -> Option<Kept> {
        self.lock().answers.get(question).cloned()
    }

    /// Keeps a full answer, if it has a tag and is small.
    pub(super) fn keep(&self, question: &str, headers: &HeaderMap, body: &[u8]) {
        let Some(tag) = error::text(headers, "etag") else {
            return;
        };
        if body.len() > LARGEST {
            return;
        }
        let kept = Kept {
            tag: tag.to_owned(),
            headers: headers.clone(),
            body: body.to_vec(),
        };
        let mut inner = self.lock();
        if inner.answers.insert(question.to_owned(), kept).is_none() {
            inner.order.push_back(question.to_owned());
        }
        while inner.order.len() > KEPT {
            let oldest = inner.order.pop_front().unwrap_or_default();
            inner.answers.remove(&oldest);
        }
    }
}

/// Whether the answer to a question may change. Trees and blobs never do; they are kept in the record.
pub(super) fn may_change(path: &str) -> bool {
    !path.contains("/git/trees/") && !path.contains("/git/blobs/")
}
