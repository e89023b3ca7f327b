//! Matching, in time proportional to text times pattern whatever both are.

/// One thing a glob says of the next character or characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// This character.
    Literal(char),
    /// `?`: one character, not `/`.
    One,
    /// `[…]`: one character in, or not in, these ranges; never `/`.
    Class {
        /// Whether it is one that is in none of them.
        is_negated: bool,
        /// First and last characters.
        ranges: Vec<(char, char)>,
    },
    /// `*`: any characters but `/`.
    Segment,
    /// `**`: any characters.
    Any,
}

impl Token {
    /// Whether it stands for any number of characters.
    fn repeats(&self) -> bool {
        matches!(self, Token::Segment | Token::Any)
    }

    fn takes(&self, character: char) -> bool {
        match self {
            Token::Literal(own) => *own == character,
            Token::One | Token::Segment => character != '/',
            Token::Any => true,
            Token::Class { is_negated, ranges } => {
                let mut ranges = ranges.iter();
                let is_in = ranges.any(|(first, last)| (*first..=*last).contains(&character));
                character != '/' && is_in != *is_negated
            }
        }
    }
}

/// A glob without `{…}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The literal text before the first wildcard, and after the last one.
    prefix: String,
    suffix: String,
    /// What is between them; empty when there is no wildcard and `prefix` is all of it.
    middle: Vec<Token>,
}

impl Pattern {
    pub(super) fn new(tokens: Vec<Token>) -> Pattern {
        let is_wild = |token: &Token| !matches!(token, Token::Literal(_));
        let text = |tokens: &[Token]| tokens.iter().filter_map(literal).collect();
        let (Some(first), Some(last)) = (
            tokens.iter().position(is_wild),
            tokens.iter().rposition(is_wild),
        ) else {
            return Pattern {
                prefix: text(&tokens),
                suffix: String::new(),
                middle: Vec::new(),
            };
        };
        Pattern {
            prefix: text(&tokens[..first]),
            suffix: text(&tokens[last + 1..]),
            middle: tokens[first..=last].to_vec(),
        }
    }

    /// All of it, in order.
    pub(super) fn tokens(&self) -> Vec<Token> {
        let literals = |text: &str| text.chars().map(Token::Literal).collect::<Vec<_>>();
        let mut tokens = literals(&self.prefix);
        tokens.extend(self.middle.iter().cloned());
        tokens.extend(literals(&self.suffix));
        tokens
    }

    /// Whether the whole of `text` looks like it.
    pub fn matches(&self, text: &str) -> bool {
        let Some(rest) = text.strip_prefix(self.prefix.as_str()) else {
            return false;
        };
        if self.middle.is_empty() {
            return rest.is_empty();
        }
        let Some(rest) = rest.strip_suffix(self.suffix.as_str()) else {
            return false;
        };
        match self.middle.as_slice() {
            [Token::Any] => true,
            [Token::Segment] => !rest.contains('/'),
            middle => takes_all(middle, rest),
        }
    }
}

/// The character a literal is.
pub(super) fn literal(token: &Token) -> Option<char> {
    match token {
        Token::Literal(character) => Some(*character),
        _ => None,
    }
}

/// Follows all ways to read the text at once: `at[n]` says that the first `n` tokens may be what was read so far.
fn takes_all(tokens: &[Token], text: &str) -> bool {
    let mut at = vec![false; tokens.len() + 1];
    let mut next = at.clone();
    at[0] = true;
    skip_repeats(tokens, &mut at);
    for character in text.chars() {
        next.fill(false);
        for (index, token) in tokens.iter().enumerate() {
            if at[index] && token.takes(character) {
                next[index + usize::from(!token.repeats())] = true;
            }
        }
        skip_repeats(tokens, &mut next);
        std::mem::swap(&mut at, &mut next);
    }
    at[tokens.len()]
}

/// What repeats may stand for nothing.
fn skip_repeats(tokens: &[Token], at: &mut [bool]) {
    for (index, token) in tokens.iter().enumerate() {
        if at[index] && token.repeats() {
            at[index + 1] = true;
        }
    }
}
