//! The targets of `fuzz/` with all of its corpus: what was found once is not found again.

#[path = "../../fuzz/src/targets/mod.rs"]
pub mod targets;

use std::path::{Path, PathBuf};

fn corpus(name: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(name);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|_| panic!("no {}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// As much stack as the sandbox's processes and the command line have for config files.
fn with_room(test: fn()) {
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(test);
    thread.unwrap().join().expect("no promise is broken");
}

#[test]
fn every_target_takes_its_whole_corpus() {
    with_room(whole_corpus);
}

fn whole_corpus() {
    for (name, target) in targets::ALL {
        let files = corpus(name);
        assert!(files.len() >= 3, "{name} has too little to begin with");
        for file in files {
            let input = std::fs::read(&file).unwrap();
            let result = std::panic::catch_unwind(|| target(&input));
            assert!(result.is_ok(), "{}", file.display());
        }
    }
}

#[test]
fn every_target_takes_any_bytes() {
    with_room(any_bytes);
}

fn any_bytes() {
    let odd: [&[u8]; 6] = [
        b"",
        b"\n",
        b"\0\n\0",
        b"\xff\xfe\n\xff",
        b"{}\n{}",
        b"a\n[[[[{{{{((((",
    ];
    for (_, target) in targets::ALL {
        for input in odd {
            target(input);
        }
    }
}
