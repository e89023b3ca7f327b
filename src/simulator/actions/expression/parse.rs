//! Text to expression tree.

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    Context(String),
    Index(Box<Expression>, Box<Expression>),
    Call(String, Vec<Expression>),
    Not(Box<Expression>),
    Binary(&'static str, Box<Expression>, Box<Expression>),
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Name(String),
    Text(String),
    Number(f64),
    Symbol(&'static str),
}

const SYMBOLS: [&str; 17] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "(", ")", "[", "]", ",", ".", "*", "}",
];

/// Binary operators from the loosest to the tightest.
const LEVELS: [&[&str]; 4] = [&["||"], &["&&"], &["==", "!="], &["<=", ">=", "<", ">"]];

/// Reads an expression without its `${{ }}`.
pub(super) fn parse(text: &str) -> Result<Expression, String> {
    let mut parser = Parser {
        tokens: tokenize(text)?,
        position: 0,
    };
    let expression = parser.binary(0)?;
    match parser.tokens.get(parser.position) {
        None => Ok(expression),
        Some(token) => Err(format!("unexpected {token:?}")),
    }
}

fn tokenize(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first == '\'' {
            let (text, length) = quoted(rest)?;
            tokens.push(Token::Text(text));
            length
        } else if first.is_ascii_digit()
            || (first == '-' && rest[1..].starts_with(|next: char| next.is_ascii_digit()))
        {
            let end = rest[1..].find(|next: char| !next.is_ascii_alphanumeric() && next != '.');
            let length = end.map_or(rest.len(), |end| end + 1);
            let number = rest[..length]
                .parse()
                .map_err(|_| format!("bad number {}", &rest[..length]))?;
            tokens.push(Token::Number(number));
            length
        } else if first.is_ascii_alphabetic() || first == '_' {
            let end =
                rest.find(|next: char| !next.is_ascii_alphanumeric() && next != '_' && next != '-');
            let length = end.unwrap_or(rest.len());
            tokens.push(Token::Name(rest[..length].to_owned()));
            length
        } else {
            let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
            let symbol = symbol.ok_or_else(|| format!("unexpected `{first}`"))?;
            tokens.push(Token::Symbol(symbol));
            symbol.len()
        };
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

/// A text in single quotes, where two quotes stand for one; and how long it was.
fn quoted(rest: &str) -> Result<(String, usize), String> {
    let mut text = String::new();
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((position, character)) = characters.next() {
        if character != '\'' {
            text.push(character);
        } else if characters.next_if(|(_, next)| *next == '\'').is_some() {
            text.push('\'');
        } else {
            return Ok((text, position + 1));
        }
    }
    Err("a text without its closing quote".to_owned())
}

struct Parser {
    tokens: Vec<Token>,
    position: usize,
}

impl Parser {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.position).cloned();
        self.position += 1;
        token
    }

    fn accept(&mut self, symbol: &'static str) -> bool {
        let found = self.tokens.get(self.position) == Some(&Token::Symbol(symbol));
        self.position += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &'static str) -> Result<(), String> {
        if self.accept(symbol) {
            Ok(())
        } else {
            Err(format!("expected `{symbol}`"))
        }
    }

    fn binary(&mut self, level: usize) -> Result<Expression, String> {
        let Some(operators) = LEVELS.get(level) else {
            return self.unary();
        };
        let mut left = self.binary(level + 1)?;
        while let Some(operator) = operators.iter().find(|operator| self.accept(operator)) {
            let right = self.binary(level + 1)?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expression, String> {
        if self.accept("!") {
            return Ok(Expression::Not(Box::new(self.unary()?)));
        }
        let mut expression = self.primary()?;
        loop {
            let key = if self.accept(".") {
                match self.next() {
                    Some(Token::Name(name)) => Expression::Text(name),
                    _ => return Err("the simulator does not support `.*`".to_owned()),
                }
            } else if self.accept("[") {
                let key = self.binary(0)?;
                self.expect("]")?;
                key
            } else {
                return Ok(expression);
            };
            expression = Expression::Index(Box::new(expression), Box::new(key));
        }
    }

    fn primary(&mut self) -> Result<Expression, String> {
        match self.next() {
            Some(Token::Text(text)) => Ok(Expression::Text(text)),
            Some(Token::Number(number)) => Ok(Expression::Number(number)),
            Some(Token::Symbol("(")) => {
                let inner = self.binary(0)?;
                self.expect(")")?;
                Ok(inner)
            }
            Some(Token::Name(name)) => self.named(name),
            Some(token) => Err(format!("unexpected {token:?}")),
            None => Err("something is missing".to_owned()),
        }
    }

    fn named(&mut self, name: String) -> Result<Expression, String> {
        if !self.accept("(") {
            return Ok(match name.as_str() {
                "true" => Expression::Bool(true),
                "false" => Expression::Bool(false),
                "null" => Expression::Null,
                _ => Expression::Context(name),
            });
        }
        let mut arguments = Vec::new();
        while !self.accept(")") {
            if !arguments.is_empty() {
                self.expect(",")?;
            }
            arguments.push(self.binary(0)?);
        }
        Ok(Expression::Call(name, arguments))
    }
}
