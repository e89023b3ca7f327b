//! How much one file may use, so that a mistake ends in a message instead of a hang.

use serde::{Deserialize, Serialize};

/// Bounds on evaluating one file or calling one function.
///
/// They catch mistakes with a message on the right line. They do not hold against hostile code, because a single
/// native operation can exceed any of them: the sandbox's process limits do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Function calls and loop turns.
    pub ticks: u64,
    /// Bytes of the Starlark heap.
    pub heap_bytes: usize,
    /// Calls inside calls.
    pub call_stack: usize,
    /// Bytes of `print` output kept.
    pub print_bytes: usize,
    /// Bytes of one source file.
    pub source_bytes: usize,
    /// Brackets or prefix operators inside one another.
    pub nesting: usize,
    /// Files one entry file may load, directly or through others.
    pub loads: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            ticks: 1_000_000,
            heap_bytes: 64 << 20,
            call_stack: 100,
            print_bytes: 256 << 10,
            source_bytes: 512 << 10,
            nesting: 100,
            loads: 100,
        }
    }
}
