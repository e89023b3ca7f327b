//! Names as parts of addresses.

/// Whether a name from outside would make the path mean another resource: `..` cannot be escaped.
pub(super) fn climbs(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    path.split('/').any(|segment| matches!(segment, "." | ".."))
}

/// `text` as one segment of a path, or as a query value.
pub(super) fn segment(text: &str) -> String {
    encode(text, false)
}

/// `text` as several segments: its slashes stay, as GitHub wants refs and file paths.
pub(super) fn segments(text: &str) -> String {
    encode(text, true)
}

fn encode(text: &str, keep_slashes: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        let is_plain = byte.is_ascii_alphanumeric()
            || b"-._~".contains(&byte)
            || (keep_slashes && byte == b'/');
        if is_plain {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
