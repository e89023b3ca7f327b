//! A zip archive that a workflow run left.

use std::path::{Component, Path};

use ocuroot::github::unzip;

pub fn run(data: &[u8]) {
    let Ok(files) = unzip(data.to_vec()) else {
        return;
    };
    assert!(files.len() <= 100);
    let size: usize = files.iter().map(|(_, content)| content.len()).sum();
    assert!(size <= 10 << 20);
    for (name, _) in &files {
        let mut parts = Path::new(name).components();
        assert!(
            parts.all(|part| matches!(part, Component::Normal(_))),
            "{name:?}"
        );
    }
}
