//! Where the page of a ref is.

use std::fmt::Write;

use crate::model::Reference;

/// A text that leads to the page of a ref.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) text: String,
    pub(super) address: String,
}

impl Link {
    /// The ref as it is written.
    pub(super) fn to(reference: &Reference) -> Link {
        Link::called(&reference.to_string(), reference)
    }

    /// `text` instead of the ref.
    pub(super) fn called(text: &str, reference: &Reference) -> Link {
        Link {
            text: text.to_owned(),
            address: format!("/ref/{}", encoded(&reference.to_string())),
        }
    }

    /// Everything that a glob means.
    pub(super) fn search(text: &str, glob: &str) -> Link {
        Link {
            text: text.to_owned(),
            address: format!("/match?glob={}", encoded(glob)),
        }
    }

    /// The ref that `text` is for what belongs to the release that `reader` names.
    pub(super) fn read_by(reader: &Reference, text: &str) -> Option<Link> {
        let reference: Reference = text.parse().ok()?;
        let (package, release) = (reader.package()?, reader.release.as_deref()?);
        Some(Link::called(
            text,
            &reference.relative_to(&package, release),
        ))
    }

    /// The ref that `text` is, if it is an absolute one.
    pub(super) fn within(text: &str) -> Option<Link> {
        if !text.contains('@') {
            return None;
        }
        let reference: Reference = text.parse().ok()?;
        let is_absolute = reference.global || reference.package().is_some();
        is_absolute.then(|| Link::to(&reference))
    }
}

/// As it is written in the path and the query of an address.
fn encoded(text: &str) -> String {
    let mut address = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => address.push(char::from(byte)),
            b'-' | b'.' | b'_' | b'~' | b'/' | b'@' => address.push(char::from(byte)),
            _ => {
                let _ = write!(address, "%{byte:02X}");
            }
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::{Link, encoded};

    #[test]
    fn a_ref_is_one_path_whatever_is_in_it() {
        assert_eq!(
            encoded("a/-/b c.star/@r1#x?%"),
            "a/-/b%20c.star/@r1%23x%3F%25"
        );
        assert_eq!(encoded("ü"), "%C3%BC");
    }

    #[test]
    fn what_is_relative_leads_to_what_its_reader_means() {
        let reader = "r/-/f/@r2/task/a/1".parse().expect("a ref");
        let link = Link::read_by(&reader, "./task/b#output/c").expect("a link");
        assert_eq!(link.text, "./task/b#output/c");
        assert_eq!(link.address, "/ref/r/-/f/@r2/task/b%23output/c");
    }

    #[test]
    fn only_what_is_absolute_is_a_link() {
        let address = |text| Link::within(text).map(|link| link.address);
        assert_eq!(address("@/custom/a").as_deref(), Some("/ref/@/custom/a"));
        assert_eq!(
            address("r/-/f/@r1#output/a").as_deref(),
            Some("/ref/r/-/f/@r1%23output/a")
        );
        for text in ["hello", "./custom/a", "a@example.com", "./-/f/@"] {
            assert_eq!(address(text), None, "{text}");
        }
    }
}
