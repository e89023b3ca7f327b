//! The `ocuroot` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    // No thread may exist before this: the evaluation child confines itself as long as it has one.
    ocuroot::cli::main()
}
