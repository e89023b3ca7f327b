//! The table of routes: who may call what.

use std::collections::BTreeMap;

use super::answer::Answer;
use super::call::Call;
use super::state::refusal::Refusal;

/// Who may call a route.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Access {
    /// The App, with a token it signed.
    App,
    /// An installation that has one of these permissions (name, level).
    Installation(&'static [(&'static str, &'static str)]),
    /// A person, with a token of their own.
    User,
    /// Anyone; the handler looks for itself.
    Public,
}

/// A method and a path template with what answers it.
pub(crate) struct Route {
    pub(crate) method: &'static str,
    /// `{name}` is one segment, `{name...}` one or more.
    pub(crate) template: &'static str,
    pub(crate) access: Access,
    pub(crate) handler: fn(&mut Call<'_>) -> Result<Answer, Refusal>,
}

/// Values of the template's names.
pub(crate) type Parameters = BTreeMap<&'static str, String>;

/// The first route that fits, with its parameters.
pub(crate) fn find(method: &str, path: &str) -> Option<(&'static Route, Parameters)> {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    super::api::routes()
        .filter(|route| route.method == method)
        .find_map(|route| {
            let template: Vec<&'static str> = route.template.trim_matches('/').split('/').collect();
            let mut parameters = Parameters::new();
            fits(&template, &segments, &mut parameters).then_some((route, parameters))
        })
}

fn fits(template: &[&'static str], segments: &[&str], parameters: &mut Parameters) -> bool {
    let Some((first, rest)) = template.split_first() else {
        return segments.is_empty();
    };
    let Some(name) = first
        .strip_prefix('{')
        .and_then(|first| first.strip_suffix('}'))
    else {
        return segments
            .split_first()
            .is_some_and(|(segment, left)| segment == first && fits(rest, left, parameters));
    };
    let longest = if name.ends_with("...") {
        segments.len()
    } else {
        segments.len().min(1)
    };
    for taken in 1..=longest {
        let (value, left) = segments.split_at(taken);
        if !value.iter().all(|segment| segment.is_empty()) && fits(rest, left, parameters) {
            let value: Vec<String> = value.iter().map(|segment| decode(segment)).collect();
            parameters.insert(name.trim_end_matches("..."), value.join("/"));
            return true;
        }
    }
    false
}

/// Undoes percent-encoding; what is not valid stays.
pub(crate) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut position = 0;
    while let Some(byte) = bytes.get(position) {
        let escaped = (*byte == b'%')
            .then(|| text.get(position + 1..position + 3))
            .flatten();
        if let Some(value) = escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            decoded.push(value);
            position += 3;
        } else {
            decoded.push(*byte);
            position += 1;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// The pairs of a query string or of a posted form.
pub(crate) fn form(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (
            decode(&name.replace('+', " ")),
            decode(&value.replace('+', " ")),
        )
    };
    pairs.map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::{Parameters, decode, find, fits, form};

    #[test]
    fn a_template_takes_segments_apart() {
        let mut parameters = Parameters::new();
        let template = ["repos", "{owner}", "commits", "{ref...}", "check-runs"];
        assert!(fits(
            &template,
            &["repos", "acme", "commits", "a", "b%2Bc", "check-runs"],
            &mut parameters
        ));
        assert_eq!(parameters["owner"], "acme");
        assert_eq!(parameters["ref"], "a/b+c");
        assert!(!fits(
            &template,
            &["repos", "acme", "commits", "check-runs"],
            &mut parameters
        ));
    }

    #[test]
    fn the_more_specific_route_wins() {
        let template = |path: &str| find("GET", path).map(|(route, _)| route.template);
        assert_eq!(
            template("/repos/a/b/commits/main"),
            Some("/repos/{owner}/{repo}/commits/{ref...}")
        );
        assert_eq!(
            template("/repos/a/b/commits/main/check-runs"),
            Some("/repos/{owner}/{repo}/commits/{ref...}/check-runs")
        );
        assert_eq!(template("/repos/a/b/nothing"), None);
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(decode("a%20b%zz%"), "a b%zz%");
        assert_eq!(form("created=%3E%3D2024&q=a+b")["created"], ">=2024");
    }
}
