//! Splitting a line into words: quotes, and what phones make of quotes and hyphens.

use super::spelling::code;

/// A word of a line. Quotes begin at its start or right behind its first `=`, so that `don't` has none.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// What is not quoted, with a `=` at its end if the quoted text is a value.
    pub(super) bare: String,
    /// What is quoted, without the quotes.
    pub(super) quoted: Option<Quoted>,
}

/// The quoted part of a word.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Quoted {
    pub(super) text: String,
    /// `"…"` is a text whatever it contains; `'…'` may hold JSON.
    pub(super) is_double: bool,
}

impl Word {
    /// The word without its quotes.
    pub(super) fn text(&self) -> String {
        let quoted = self.quoted.as_ref().map_or("", |quoted| &quoted.text);
        format!("{}{quoted}", self.bare)
    }

    /// The name and the value of a word that is an option. Phones make one dash of two hyphens.
    pub(super) fn option(&self) -> Option<(&str, Option<String>)> {
        let rest = self.bare.trim_start_matches(is_dash);
        let dashes = &self.bare[..self.bare.len() - rest.len()];
        let is_long = dashes.chars().count() > 1 || dashes.contains(TYPOGRAPHIC);
        let is_named = rest.starts_with(|letter: char| letter.is_alphanumeric());
        if dashes != "--" && !(is_long && is_named) {
            return None;
        }
        Some(match rest.split_once('=') {
            Some((name, value)) => {
                let quoted = self.quoted.as_ref().map_or("", |quoted| &quoted.text);
                (name, Some(format!("{value}{quoted}")))
            }
            None => (rest, None),
        })
    }
}

/// The most words of a line; looking for the end of a quote can cost the whole line for each of them.
const MOST: usize = 100;

const TYPOGRAPHIC: [char; 3] = ['–', '—', '―'];

fn is_dash(letter: char) -> bool {
    letter == '-' || TYPOGRAPHIC.contains(&letter)
}

/// The words of a line, or which quote is wrong.
pub(super) fn split(line: &str) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let (word, after) = first_word(rest)?;
        words.push(word);
        if words.len() > MOST {
            return Err(format!(
                "a command has at most {MOST} words: use globs, or several commands"
            ));
        }
        rest = after.trim_start();
    }
    Ok(words)
}

fn first_word(rest: &str) -> Result<(Word, &str), String> {
    let mut word = Word::default();
    for (at, letter) in rest.char_indices() {
        if letter.is_whitespace() {
            return Ok((word, &rest[at..]));
        }
        if let Some(style) = Style::opened_by(letter).filter(|_| may_quote(&word.bare)) {
            let inside = &rest[at + letter.len_utf8()..];
            let (text, after) = style.read(letter, inside)?;
            word.quoted = Some(Quoted {
                text,
                is_double: style.is_double,
            });
            return Ok((word, after));
        }
        word.bare.push(letter);
    }
    Ok((word, ""))
}

fn may_quote(bare: &str) -> bool {
    bare.is_empty() || bare.ends_with('=') && bare.find('=') == Some(bare.len() - 1)
}

/// Which characters close a quote: the first set of which one is there.
struct Style {
    is_double: bool,
    closers: [&'static [char]; 2],
}

impl Style {
    fn opened_by(letter: char) -> Option<Style> {
        const DOUBLE: &[char] = &['"'];
        const SINGLE: &[char] = &['\''];
        const CURLY_DOUBLE: &[char] = &['”', '“'];
        const CURLY_SINGLE: &[char] = &['’', '‘'];
        let (is_double, closers) = match letter {
            '"' => (true, [DOUBLE, CURLY_DOUBLE]),
            '“' | '”' | '„' => (true, [CURLY_DOUBLE, DOUBLE]),
            '\'' => (false, [SINGLE, CURLY_SINGLE]),
            '‘' | '’' | '‚' => (false, [CURLY_SINGLE, SINGLE]),
            _ => return None,
        };
        Some(Style { is_double, closers })
    }

    /// The text up to the closing quote, and what follows the quote.
    fn read<'a>(&self, opener: char, inside: &'a str) -> Result<(String, &'a str), String> {
        let found = self.closers.iter().find_map(|set| self.end(inside, set));
        let Some((end, after)) = found else {
            return Err(format!(
                "the quote before {} is not closed: end it with `{}`",
                code(inside),
                if self.is_double { '"' } else { '\'' }
            ));
        };
        if !ends_a_word(after) {
            let (word, _) = after.split_once(char::is_whitespace).unwrap_or((after, ""));
            return Err(format!(
                "{} follows a closing quote directly: put all of a value into one pair of quotes, and a space behind \
                 it",
                code(word)
            ));
        }
        let text = &inside[..end];
        Ok(if opener == '"' {
            (unescaped(text), after)
        } else {
            (text.to_owned(), after)
        })
    }

    /// Where the text ends and what follows the quote. An apostrophe within words closes no single quote.
    fn end<'a>(&self, inside: &'a str, set: &[char]) -> Option<(usize, &'a str)> {
        let mut is_escaped = false;
        for (at, letter) in inside.char_indices() {
            let after = &inside[at + letter.len_utf8()..];
            if set.contains(&letter) && !is_escaped && (self.is_double || ends_a_word(after)) {
                return Some((at, after));
            }
            is_escaped = letter == '\\' && !is_escaped && set.contains(&'"');
        }
        None
    }
}

fn ends_a_word(after: &str) -> bool {
    after.is_empty() || after.starts_with(char::is_whitespace)
}

/// `\"` and `\\` are the only escapes.
fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let escaped = letters.next_if(|next| letter == '\\' && matches!(next, '"' | '\\'));
        plain.push(escaped.unwrap_or(letter));
    }
    plain
}
