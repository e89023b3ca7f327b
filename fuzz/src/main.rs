//! Fuzzing with libFuzzer: one program, the target is what `FUZZ_TARGET` names.
#![no_main]

mod targets;

use std::sync::LazyLock;

static TARGET: LazyLock<targets::Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let found = targets::ALL.iter().find(|(own, _)| *own == name);
    found.map(|(_, target)| *target).unwrap_or_else(|| {
        let names: Vec<&str> = targets::ALL.iter().map(|(name, _)| *name).collect();
        panic!("set FUZZ_TARGET to one of: {}", names.join(" "))
    })
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| TARGET(data));
