//! What a glob says of the parts of a ref.
//!
//! A ref has at most one `/@` and, before it, one `/-/` (the grammar sees to that), so these words in a glob can only
//! mean the ends of the path and of the repository. What a wildcard may hide is left open: the pattern has the last word.

use super::pattern::{Pattern, Token, literal};
use crate::model::SubPathKind;

/// What is said of one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// It is this.
    Exact(String),
    /// It begins with this, which may be nothing.
    Prefix(String),
}

impl Part {
    /// Whether the part may be `text`.
    pub fn allows(&self, text: &str) -> bool {
        match self {
            Part::Exact(own) => own == text,
            Part::Prefix(begin) => text.starts_with(begin),
        }
    }

    /// What it certainly is.
    pub fn exact(&self) -> Option<&str> {
        match self {
            Part::Exact(own) => Some(own),
            Part::Prefix(_) => None,
        }
    }

    /// What it begins with.
    pub fn prefix(&self) -> &str {
        match self {
            Part::Exact(own) | Part::Prefix(own) => own,
        }
    }

    fn open() -> Part {
        Part::Prefix(String::new())
    }

    fn of(tokens: &[Token]) -> Part {
        let text: String = tokens.iter().map_while(literal).collect();
        match text.chars().count() == tokens.len() {
            true => Part::Exact(text),
            false => Part::Prefix(text),
        }
    }
}

/// What is true of every ref that a glob means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// What its text begins with.
    pub prefix: String,
    /// What stands before `/@`, repository and path together; `None` when the glob has no `/@` of its own.
    pub place: Option<Pattern>,
    /// The repository.
    pub repository: Part,
    /// The path.
    pub path: Part,
    /// The release, without `@`.
    pub release: Part,
    /// What follows the release: kind and subpath.
    pub tail: Part,
    /// The fewest segments that follow the release.
    pub fewest: usize,
    /// The most; `None` is any number.
    pub most: Option<usize>,
    /// The word after `status/`, when that is how it ends.
    pub status: Option<String>,
}

impl Bounds {
    pub(super) fn of(pattern: &Pattern) -> Bounds {
        let tokens = pattern.tokens();
        let mut bounds = Bounds {
            prefix: tokens.iter().map_while(literal).collect(),
            place: None,
            repository: Part::open(),
            path: Part::open(),
            release: Part::open(),
            tail: Part::open(),
            fewest: 0,
            most: None,
            status: None,
        };
        if tokens.first() == Some(&Token::Literal('@')) {
            bounds.repository = Part::Exact(String::new());
            bounds.path = Part::Exact(String::new());
            bounds.after_release(&tokens[1..]);
        } else if let Some(at) = find(&tokens, "/@") {
            bounds.before_release(&tokens[..at]);
            bounds.after_release(&tokens[at + 2..]);
        } else if let Some((repository, path)) = bounds.prefix.split_once("/-/") {
            // Nothing before it is a wildcard, so it is the first one of the ref.
            let path = Part::Prefix(path.trim_end_matches('/').to_owned());
            bounds.repository = Part::Exact(repository.to_owned());
            bounds.path = path;
        }
        bounds
    }

    fn before_release(&mut self, tokens: &[Token]) {
        self.place = Some(Pattern::new(tokens.to_vec()));
        if let Some(at) = find(tokens, "/-/") {
            self.repository = Part::of(&tokens[..at]);
            self.path = Part::of(&tokens[at + 3..]);
        }
    }

    fn after_release(&mut self, tokens: &[Token]) {
        let slash = Token::Literal('/');
        let end = tokens.iter().position(|token| *token == slash);
        let (release, tail) = match end {
            Some(end) => (&tokens[..end], &tokens[end + 1..]),
            None => (tokens, &[][..]),
        };
        self.release = Part::of(release);
        if release.contains(&Token::Any) {
            return;
        }
        if end.is_none() {
            self.tail = Part::Exact(String::new());
            self.most = Some(0);
            return;
        }
        let slashes = tail.iter().filter(|token| **token == slash).count();
        self.tail = Part::of(tail);
        self.fewest = slashes + 1;
        self.most = (!tail.contains(&Token::Any)).then_some(slashes + 1);
        let mut ending: Vec<char> = tail.iter().rev().map_while(literal).collect();
        ending.reverse();
        let ending: String = ending.into_iter().collect();
        let word = ending.rsplit_once("/status/").map(|(_, word)| word);
        self.status = word.filter(|word| !word.contains('/')).map(str::to_owned);
    }

    /// Whether that many segments may follow the release.
    pub fn allows_depth(&self, segments: usize) -> bool {
        self.fewest <= segments && self.most.is_none_or(|most| segments <= most)
    }

    /// Whether more than that many segments may follow the release.
    pub fn reaches(&self, segments: usize) -> bool {
        self.most.is_none_or(|most| segments <= most)
    }

    /// Whether what follows the release may be of this kind.
    pub fn allows_kind(&self, kind: SubPathKind) -> bool {
        let (word, tail) = (kind.as_str(), self.tail.prefix());
        match tail.split_once('/') {
            Some((first, _)) => first == word,
            None => match &self.tail {
                Part::Exact(tail) => tail == word,
                Part::Prefix(begin) => word.starts_with(begin.as_str()),
            },
        }
    }

    /// The one kind that what follows the release is of, and what its name begins with.
    pub fn named(&self) -> Option<(&str, Part)> {
        let (kind, name) = self.tail.prefix().split_once('/')?;
        let name = match &self.tail {
            Part::Exact(_) => Part::Exact(name.to_owned()),
            Part::Prefix(_) => Part::Prefix(name.to_owned()),
        };
        Some((kind, name))
    }
}

/// Where these characters stand as they are.
fn find(tokens: &[Token], text: &str) -> Option<usize> {
    let wanted: Vec<Token> = text.chars().map(Token::Literal).collect();
    let mut windows = tokens.windows(wanted.len());
    windows.position(|window| window == wanted)
}
