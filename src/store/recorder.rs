//! Which statements a piece of work makes, as the database driver reports them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Instrument, Subscriber, info_span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// A statement that was executed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Statement {
    pub(crate) sql: String,
    /// How many rows it read for us or changed.
    pub(crate) rows: u64,
}

/// The statements of each recording by the id of its span.
static RECORDINGS: Mutex<BTreeMap<u64, Vec<Statement>>> = Mutex::new(BTreeMap::new());

fn recordings() -> MutexGuard<'static, BTreeMap<u64, Vec<Statement>>> {
    RECORDINGS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The driver's thread works inside the span of whoever asked it, so tests that run at the same time do not see each
/// other's statements.
pub(crate) async fn record<T>(work: impl Future<Output = T>) -> (T, Vec<Statement>) {
    static START: Once = Once::new();
    START.call_once(|| {
        let subscriber = tracing_subscriber::registry().with(Recorder);
        tracing::subscriber::set_global_default(subscriber).expect("no other unit test sets one");
    });
    let span = info_span!("recording");
    let id = span.id().expect("the recorder is on").into_u64();
    recordings().insert(id, Vec::new());
    let result = work.instrument(span).await;
    let statements = recordings().remove(&id).unwrap_or_default();
    (result, statements)
}

struct Recorder;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorder {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != "sqlx::query" {
            return;
        }
        let mut recordings = recordings();
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(statements) = recordings.get_mut(&span.id().into_u64()) {
                let mut statement = Statement::default();
                event.record(&mut statement);
                statements.push(statement);
                return;
            }
        }
    }
}

impl Visit for Statement {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if matches!(field.name(), "rows_returned" | "rows_affected") {
            self.rows = self.rows.max(value);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        // A short statement is its own summary; a long one follows it.
        let is_text = match field.name() {
            "db.statement" => !value.is_empty(),
            "summary" => self.sql.is_empty(),
            _ => false,
        };
        if is_text {
            value.trim().clone_into(&mut self.sql);
        }
    }

    fn record_debug(&mut self, _field: &Field, _value: &dyn std::fmt::Debug) {}
}
