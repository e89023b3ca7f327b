//! `ocuroot("0.3.x")`: which SDK a file is written for, found without running the file.

use semver::{Version, VersionReq};
use starlark::syntax::AstModule;
use starlark::syntax::ast::{ArgumentP, AstExpr, AstLiteral, AstStmt, ExprP, StmtP};

use super::error::at_span;
use crate::model::Diagnostic;

/// The one SDK version there is.
pub const SDK_VERSION: &str = "0.3.0";

/// Checks every top-level `ocuroot(...)` of a file; the first problem is the error.
pub(super) fn check(ast: &AstModule) -> Result<(), Diagnostic> {
    let mut calls: Vec<&AstExpr> = Vec::new();
    collect(ast.statement(), &mut calls);
    for (index, call) in calls.iter().enumerate() {
        let problem = match literal(call) {
            Ok(_) if index > 0 => Err("ocuroot() is called more than once in this file".to_owned()),
            Ok(version) => resolve(version),
            Err(problem) => Err(problem.to_owned()),
        };
        problem.map_err(|problem| at_span(&ast.file_span(call.span), problem))?;
    }
    Ok(())
}

fn collect<'a>(statement: &'a AstStmt, calls: &mut Vec<&'a AstExpr>) {
    match &statement.node {
        StmtP::Statements(statements) => {
            for statement in statements {
                collect(statement, calls);
            }
        }
        StmtP::Expression(expression) if is_version_call(expression) => calls.push(expression),
        _ => {}
    }
}

fn is_version_call(expression: &AstExpr) -> bool {
    match &expression.node {
        ExprP::Call(function, _) => {
            matches!(&function.node, ExprP::Identifier(name) if name.node.ident == "ocuroot")
        }
        _ => false,
    }
}

fn literal(call: &AstExpr) -> Result<&str, &'static str> {
    let ExprP::Call(_, arguments) = &call.node else {
        return Err("ocuroot must be called");
    };
    let [argument] = arguments.args.as_slice() else {
        return Err("ocuroot call must have exactly one argument, such as ocuroot(\"0.3.x\")");
    };
    match &argument.node {
        ArgumentP::Positional(value) | ArgumentP::Named(_, value) => match &value.node {
            ExprP::Literal(AstLiteral::String(text)) => Ok(&text.node),
            _ => Err("ocuroot call must have a string literal as its argument"),
        },
        _ => Err("ocuroot call must have a string literal as its argument"),
    }
}

/// Whether a version or constraint admits [`SDK_VERSION`]. Any `0.3.<number>` does: releases of the original binary
/// doubled as SDK versions.
fn resolve(text: &str) -> Result<(), String> {
    let sdk: Version = SDK_VERSION.parse().expect("the SDK's version is a version");
    let is_alias = text
        .trim_start_matches('v')
        .strip_prefix("0.3.")
        .is_some_and(|patch| !patch.is_empty() && patch.bytes().all(|byte| byte.is_ascii_digit()));
    let is_admitted = text
        .split("||")
        .any(|alternative| admits(alternative, &sdk));
    if is_alias || is_admitted {
        Ok(())
    } else {
        Err(format!(
            "version {text} not found: this is SDK {SDK_VERSION}, write ocuroot(\"0.3.x\")"
        ))
    }
}

/// Whether every part of a constraint admits `sdk`. The semver crate reads one part at a time: parts separated by
/// spaces, ranges with a hyphen and `!=` are not its own.
fn admits(constraint: &str, sdk: &Version) -> bool {
    let range = match constraint.split_once(" - ") {
        Some((from, to)) => format!(">={}, <={}", from.trim(), to.trim()),
        None => constraint.to_owned(),
    };
    let mut parts: Vec<String> = Vec::new();
    let mut operator = String::new();
    for word in range
        .split([',', ' ', '\t'])
        .filter(|word| !word.is_empty())
    {
        operator.push_str(word);
        if !word.ends_with(['=', '<', '>', '~', '^', '!']) {
            parts.push(std::mem::take(&mut operator));
        }
    }
    !parts.is_empty() && operator.is_empty() && parts.iter().all(|part| part_admits(part, sdk))
}

fn part_admits(part: &str, sdk: &Version) -> bool {
    let matches = |text: &str| {
        let text = text.replacen("=>", ">=", 1).replacen("=<", "<=", 1);
        let text = text.replacen("~>", "~", 1);
        VersionReq::parse(&text)
            .ok()
            .map(|requirement| requirement.matches(sdk))
    };
    match part.strip_prefix("!=") {
        Some(excluded) => matches(&format!("={excluded}")) == Some(false),
        None => matches(part) == Some(true),
    }
}
