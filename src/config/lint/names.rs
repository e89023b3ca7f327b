//! Names bound more than once at the top level.

use std::collections::HashMap;

use starlark::codemap::Span;
use starlark::syntax::AstModule;
use starlark::syntax::ast::{AstAssignIdent, AstStmt, StmtP};

use super::{MOST, warning};
use crate::config::error::from_one;
use crate::model::Diagnostic;

/// A warning for each global that is assigned again: the original refuses such a file.
pub(super) fn reassigned(ast: &AstModule) -> Vec<Diagnostic> {
    let mut bound: HashMap<&str, Span> = HashMap::new();
    let mut findings = Vec::new();
    each_name(ast.statement(), &mut |name| {
        let known = bound.insert(&name.node.ident, name.span);
        let Some(first) = known.filter(|_| findings.len() < MOST) else {
            return;
        };
        let line = from_one(ast.file_span(first).resolve_span().begin.line);
        let message = format!(
            "`{}` is already assigned in line {line}: the original Ocuroot refuses this, use another name",
            name.node.ident
        );
        findings.push(warning(ast, name.span, message));
    });
    findings
}

fn each_name<'a>(statement: &'a AstStmt, found: &mut impl FnMut(&'a AstAssignIdent)) {
    match &statement.node {
        StmtP::Statements(statements) => {
            for statement in statements {
                each_name(statement, found);
            }
        }
        StmtP::Def(definition) => found(&definition.name),
        StmtP::Assign(assignment) => assignment.lhs.visit_lvalue(found),
        StmtP::AssignModify(target, _, _) => target.visit_lvalue(found),
        StmtP::Load(load) => load.args.iter().for_each(|argument| found(&argument.local)),
        _ => {}
    }
}
