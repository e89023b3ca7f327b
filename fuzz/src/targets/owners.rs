//! A `CODEOWNERS` file. The first line is the path that is asked about.

use ocuroot::model::CodeOwners;

pub fn run(data: &[u8]) {
    let Some((path, text)) = super::first_line_of_text(data) else {
        return;
    };
    let owners = CodeOwners::parse(text);
    let found = owners.owners_of(path);
    let lower = text.to_ascii_lowercase();
    for owner in found {
        let name = owner.to_string().to_ascii_lowercase();
        assert!(
            lower.contains(name.trim_start_matches('@')),
            "{name} is nobody of the file"
        );
    }
    // Lines that say nothing say nothing.
    let padded = format!(
        "# {}\n{text}\n#\n[x] @nobody\n!x @nobody\n",
        path.replace('\r', "")
    );
    assert_eq!(CodeOwners::parse(&padded).owners_of(path), found);
    // The last line that is about a path has the word.
    let certain = format!("{text}\n* @the-last\n");
    let certain = CodeOwners::parse(&certain);
    let last: Vec<String> = certain
        .owners_of(path)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(last, ["@the-last"]);
}
