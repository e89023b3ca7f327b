//! What a request costs, by its endpoint. The only place that knows: which endpoints GitHub counts as creating content
//! is not public, so all that create are taken to, until measured otherwise.

/// What a request costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    /// Whether it counts as one of the 80 creations a minute and 500 an hour.
    pub is_content: bool,
    /// Of the 900 points a minute.
    pub points: u32,
}

impl Class {
    /// Asks.
    pub const READ: Class = Class {
        is_content: false,
        points: 1,
    };
    /// Changes what is there.
    pub const WRITE: Class = Class {
        is_content: false,
        points: 5,
    };
    /// Creates something people see.
    pub const CONTENT: Class = Class {
        is_content: true,
        points: 5,
    };

    /// Whether it changes anything.
    pub fn is_write(self) -> bool {
        self != Class::READ
    }
}

/// `*` is one segment. What is not listed is [`Class::READ`] to ask, [`Class::CONTENT`] to post, else [`Class::WRITE`].
const TABLE: [(&str, &str, Class); 11] = [
    ("POST", "repos/*/*/check-runs", Class::CONTENT),
    ("PATCH", "repos/*/*/check-runs/*", Class::WRITE),
    ("POST", "repos/*/*/issues/*/comments", Class::CONTENT),
    ("PATCH", "repos/*/*/issues/comments/*", Class::WRITE),
    (
        "POST",
        "repos/*/*/issues/comments/*/reactions",
        Class::CONTENT,
    ),
    (
        "POST",
        "repos/*/*/actions/workflows/*/dispatches",
        Class::CONTENT,
    ),
    ("POST", "repos/*/*/actions/runs/*/cancel", Class::WRITE),
    (
        "POST",
        "repos/*/*/actions/runs/*/force-cancel",
        Class::WRITE,
    ),
    ("POST", "repos/*/*/deployments", Class::CONTENT),
    ("POST", "repos/*/*/deployments/*/statuses", Class::CONTENT),
    ("POST", "app/hook/deliveries/*/attempts", Class::WRITE),
];

/// What a request costs.
pub fn class(method: &str, path: &str) -> Class {
    let path = path.split('?').next().unwrap_or_default();
    let known = TABLE
        .iter()
        .find(|(known, template, _)| *known == method && fits(template, path));
    match (known, method) {
        (Some((.., class)), _) => *class,
        (None, "GET" | "HEAD" | "OPTIONS") => Class::READ,
        (None, "POST") => Class::CONTENT,
        (None, _) => Class::WRITE,
    }
}

fn fits(template: &str, path: &str) -> bool {
    let mut segments = path.trim_matches('/').split('/');
    let mut wanted = template.split('/');
    loop {
        match (wanted.next(), segments.next()) {
            (None, None) => return true,
            (Some("*"), Some(_)) => {}
            (Some(word), Some(segment)) if word == segment => {}
            _ => return false,
        }
    }
}
