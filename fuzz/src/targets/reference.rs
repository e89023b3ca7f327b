//! A ref.

use ocuroot::model::{PackageName, Reference};

pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(reference) = text.parse::<Reference>() else {
        return;
    };
    assert!(reference.to_string().len() <= text.len() + 2);
    check(&reference);
    let package = PackageName {
        repository: "github.com/acme/shop".to_owned(),
        path: "api/release.ocu.star".to_owned(),
    };
    let absolute = reference.relative_to(&package, "r7");
    check(&absolute);
    assert_eq!(absolute.relative_to(&package, "r7"), absolute);
    check(&absolute.document());
}

/// A ref is what it prints, and never leads out of where it is.
pub fn check(reference: &Reference) {
    let printed = reference.to_string();
    let again: Reference = printed.parse().expect("what is printed can be read");
    assert_eq!(again, *reference, "{printed}");
    let name = reference.subpath.as_ref().map_or("", |(_, name)| name);
    for part in [&reference.repository, &reference.path, name] {
        assert!(part.split('/').all(|segment| segment != ".."), "{part}");
    }
    assert!(!reference.path.starts_with('/'), "{}", reference.path);
}
