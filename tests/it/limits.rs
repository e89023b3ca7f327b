//! What jobs may send.

use serde_json::json;

use crate::harness::repositories::shop;
use crate::harness::{App, done};

#[tokio::test]
async fn a_job_may_report_outputs_as_large_as_a_value_may_be_and_no_larger() {
    let app = App::with_shop().await;
    app.push(&shop(), "Begin");
    app.settle().await;
    let run = app.queued().remove(0);
    app.github.start_workflow_run(run.id).expect("it starts");
    let job = app.claim_all(&run).await.remove(0);
    // Every quote takes two bytes in JSON.
    let mebibyte = 1024 * 1024;
    let too_large = done(json!({ "image": "\"".repeat(9 * mebibyte) }));
    assert_eq!(app.report(&job, &too_large).await, 413);
    let large = done(json!({ "image": "\"".repeat(8 * mebibyte - 1024) }));
    assert_eq!(app.report(&job, &large).await, 202);
    // That is all: what the step after it makes of so much is the business of other stories.
}
