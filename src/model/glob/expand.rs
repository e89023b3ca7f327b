//! Text → the token lists that it stands for.

use super::pattern::Token;

/// What a glob's text stands for, without `{…}`.
pub(super) fn expand(text: &str, most: usize) -> Result<Vec<Vec<Token>>, String> {
    let mut reader = Reader {
        rest: text.chars().collect(),
        most,
    };
    reader.rest.reverse();
    reader.sequence(0)
}

struct Reader {
    /// What is not read yet, last character first.
    rest: Vec<char>,
    most: usize,
}

impl Reader {
    /// Up to the end, or within braces up to the `,` or `}` that ends it (which is left there).
    fn sequence(&mut self, depth: usize) -> Result<Vec<Vec<Token>>, String> {
        let mut all: Vec<Vec<Token>> = vec![Vec::new()];
        while let Some(character) = self.rest.pop() {
            if depth > 0 && matches!(character, ',' | '}') {
                self.rest.push(character);
                return Ok(all);
            }
            if character == '{' {
                let choices = self.choices(depth + 1)?;
                if all.len() * choices.len() > self.most {
                    let most = self.most;
                    return Err(format!("its `{{…}}` stand for more than {most} globs"));
                }
                let with = |begin: &Vec<Token>| {
                    let choices = choices.iter();
                    let ends = choices.map(|choice| [begin.as_slice(), choice].concat());
                    ends.collect::<Vec<_>>()
                };
                all = all.iter().flat_map(with).collect();
                continue;
            }
            let token = self.token(character)?;
            for tokens in &mut all {
                push(tokens, token.clone());
            }
        }
        match depth {
            0 => Ok(all),
            _ => Err("a `{` has no `}`".to_owned()),
        }
    }

    /// What stands between `{` and `}`.
    fn choices(&mut self, depth: usize) -> Result<Vec<Vec<Token>>, String> {
        if depth > 8 {
            return Err("its `{…}` are nested too deep".to_owned());
        }
        let mut all = Vec::new();
        loop {
            all.extend(self.sequence(depth)?);
            if self.rest.pop() == Some('}') {
                return Ok(all);
            }
        }
    }

    fn token(&mut self, character: char) -> Result<Token, String> {
        Ok(match character {
            '*' if self.rest.last() == Some(&'*') => {
                while self.rest.last() == Some(&'*') {
                    self.rest.pop();
                }
                Token::Any
            }
            '*' => Token::Segment,
            '?' => Token::One,
            '[' => self.class()?,
            '\\' => Token::Literal(self.rest.pop().ok_or("it ends with `\\`")?),
            other => Token::Literal(other),
        })
    }

    fn class(&mut self) -> Result<Token, String> {
        let no_end = || "a `[` has no `]`".to_owned();
        let is_negated = matches!(self.rest.last(), Some('!' | '^'));
        if is_negated {
            self.rest.pop();
        }
        let mut ranges = Vec::new();
        loop {
            let first = match self.rest.pop().ok_or_else(no_end)? {
                ']' if !ranges.is_empty() => break,
                ']' => return Err("`[]` means no character".to_owned()),
                '\\' => self.rest.pop().ok_or_else(no_end)?,
                first => first,
            };
            let is_range = self.rest.last() == Some(&'-')
                && self
                    .rest
                    .iter()
                    .nth_back(1)
                    .is_some_and(|last| *last != ']');
            let mut last = first;
            if is_range {
                self.rest.pop();
                last = self.rest.pop().ok_or_else(no_end)?;
            }
            if last < first {
                return Err(format!("`{first}-{last}` runs backwards"));
            }
            ranges.push((first, last));
        }
        Ok(Token::Class { is_negated, ranges })
    }
}

/// Repeats that follow each other are one: the widest.
fn push(tokens: &mut Vec<Token>, token: Token) {
    match (tokens.last(), &token) {
        (Some(Token::Any), Token::Any | Token::Segment) => {}
        (Some(Token::Segment), Token::Any) => {
            tokens.pop();
            tokens.push(token);
        }
        _ => tokens.push(token),
    }
}
