//! Text → syntax tree, after the checks that keep the parser itself from running out of stack.

use starlark::syntax::ast::{AssignTargetP, AstAssignTarget, AstStmt, StmtP};
use starlark::syntax::{AstModule, Dialect};

use super::error;
use super::limits::Limits;
use crate::model::Diagnostic;

/// The language as the original SDK configures it: no top-level `if` or `for`, no types, loads stay private.
const DIALECT: Dialect = Dialect {
    enable_keyword_only_arguments: true,
    enable_load_reexport: false,
    ..Dialect::Standard
};

/// Reads the text of `path`.
pub(super) fn parse(path: &str, text: &str, limits: &Limits) -> Result<AstModule, Diagnostic> {
    parse_as(&DIALECT, path, text, limits)
}

/// Reads what somebody has typed: there `if` and `for` work everywhere.
pub(super) fn parse_input(
    path: &str,
    text: &str,
    limits: &Limits,
) -> Result<AstModule, Diagnostic> {
    let dialect = Dialect {
        enable_top_level_stmt: true,
        ..DIALECT
    };
    parse_as(&dialect, path, text, limits)
}

fn parse_as(
    dialect: &Dialect,
    path: &str,
    text: &str,
    limits: &Limits,
) -> Result<AstModule, Diagnostic> {
    if text.len() > limits.source_bytes {
        let message = format!(
            "the file has {} bytes, more than the {} allowed",
            text.len(),
            limits.source_bytes
        );
        return Err(Diagnostic::error(path, 0, 0, message));
    }
    if let Some(line) = too_deep(text, limits.nesting) {
        let message = format!(
            "more than {} brackets or operators inside one another",
            limits.nesting
        );
        return Err(Diagnostic::error(path, line, 0, message));
    }
    AstModule::parse(path, without_tabs(text), dialect)
        .map_err(|error| error::diagnostic(&error, path))
}

/// Tabs as spaces, to the next eighth column at the start of a line: the parser takes none, the original's does.
fn without_tabs(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut replaced = String::with_capacity(text.len());
    let mut indent = Some(0);
    let mut at = 0;
    while at < bytes.len() {
        let mut next = at + 1;
        match (bytes[at], indent) {
            (b'\t', Some(column)) => {
                let width = 8 - column % 8;
                replaced.push_str(&" ".repeat(width));
                indent = Some(column + width);
                at = next;
                continue;
            }
            (b'\t', None) => {
                replaced.push(' ');
                at = next;
                continue;
            }
            (b' ', column) => indent = column.map(|column| column + 1),
            (b'\n', _) => indent = Some(0),
            (b'#', _) => next = end_of_line(bytes, at),
            (b'"' | b'\'', _) => {
                next = end_of_string(bytes, at).min(bytes.len());
                indent = None;
            }
            _ => indent = None,
        }
        while !text.is_char_boundary(next) {
            next += 1;
        }
        replaced.push_str(&text[at..next]);
        at = next;
    }
    replaced
}

/// The names a file binds at its top level: what its functions can be found by.
pub(super) fn global_names(ast: &AstModule) -> Vec<String> {
    let mut names = Vec::new();
    collect_names(ast.statement(), &mut names);
    names
}

fn collect_names(statement: &AstStmt, names: &mut Vec<String>) {
    match &statement.node {
        StmtP::Statements(statements) => {
            for statement in statements {
                collect_names(statement, names);
            }
        }
        StmtP::Def(definition) => names.push(definition.name.node.ident.clone()),
        StmtP::Assign(assignment) => collect_targets(&assignment.lhs, names),
        _ => {}
    }
}

fn collect_targets(target: &AstAssignTarget, names: &mut Vec<String>) {
    match &target.node {
        AssignTargetP::Identifier(name) => names.push(name.node.ident.clone()),
        AssignTargetP::Tuple(targets) => {
            for target in targets {
                collect_targets(target, names);
            }
        }
        _ => {}
    }
}

/// The line where nesting passes `limit`. Strings and comments are skipped; what it misjudges in a file that does
/// not parse anyway does not matter.
fn too_deep(text: &str, limit: usize) -> Option<u32> {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut brackets: usize = 0;
    let mut prefixes: usize = 0;
    while at < bytes.len() {
        let mut next = at + 1;
        match bytes[at] {
            b'#' => next = end_of_line(bytes, at),
            b'"' | b'\'' => {
                next = end_of_string(bytes, at);
                prefixes = 0;
            }
            b'(' | b'[' | b'{' => {
                brackets += 1;
                prefixes = 0;
            }
            b')' | b']' | b'}' => brackets = brackets.saturating_sub(1),
            b'-' | b'+' | b'~' => prefixes += 1,
            byte if byte.is_ascii_whitespace() => {}
            byte if byte.is_ascii_alphabetic() => {
                next = end_of_word(bytes, at);
                // `not` and `lambda:` take what follows as operand, like a sign does.
                match &text[at..next] {
                    "not" | "lambda" | "else" => prefixes += 1,
                    _ => prefixes = 0,
                }
            }
            b':' => {}
            _ => prefixes = 0,
        }
        if brackets > limit || prefixes > limit {
            let lines = bytes[..at].iter().filter(|byte| **byte == b'\n').count();
            return Some(error::from_one(lines));
        }
        at = next;
    }
    None
}

pub(super) fn end_of_line(bytes: &[u8], from: usize) -> usize {
    let rest = &bytes[from..];
    from + rest
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(rest.len())
}

pub(super) fn end_of_word(bytes: &[u8], from: usize) -> usize {
    let rest = &bytes[from..];
    from + rest
        .iter()
        .position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
        .unwrap_or(rest.len())
}

pub(super) fn end_of_string(bytes: &[u8], from: usize) -> usize {
    let quote = bytes[from];
    let is_triple = bytes[from..].starts_with(&[quote; 3]);
    let end: &[u8] = if is_triple { &[quote; 3] } else { &[quote] };
    let mut at = from + end.len();
    while at < bytes.len() {
        if bytes[at] == b'\\' {
            at += 2;
        } else if bytes[at..].starts_with(end) {
            return at + end.len();
        } else if bytes[at] == b'\n' && !is_triple {
            return at;
        } else {
            at += 1;
        }
    }
    bytes.len()
}
