//! A file that says what should be. The first line is its path.

use ocuroot::config::intent_file::{reference_of, value_of};

pub fn run(data: &[u8]) {
    let Some((path, text)) = super::first_line_of_text(data) else {
        return;
    };
    let Some(Ok(reference)) = reference_of(path) else {
        return;
    };
    super::reference::check(&reference);
    assert!(
        reference.can_be_intended() && reference.fragment.is_none(),
        "{reference}"
    );
    match value_of(path, &reference, text) {
        Ok(Some(value)) => {
            let written = serde_json::to_string(&value).expect("JSON");
            let again = value_of("@/custom/x.json", &reference, &written);
            assert_eq!(again, Ok(Some(value)), "a completed value is complete");
        }
        Ok(None) => {}
        Err(wrong) => {
            let lines = u32::try_from(text.lines().count()).unwrap_or(u32::MAX) + 1;
            assert!(wrong.line <= lines);
        }
    }
}
