//! The `ocuroot` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("eval-worker") {
        return ocuroot::sandbox::worker_main();
    }
    ExitCode::FAILURE
}
