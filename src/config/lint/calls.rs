//! Calls by name: functions that call themselves, and `next` with a function that no later run could find.

use std::collections::{HashMap, HashSet};

use starlark::codemap::Span;
use starlark::syntax::AstModule;
use starlark::syntax::ast::{
    ArgumentP, AstExpr, AstParameter, AstStmt, CallArgsP, ClauseP, ExprP, ForClauseP, StmtP,
};
use starlark_syntax::syntax::ast::AstNoPayload;
use starlark_syntax::syntax::uniplate::Visit;

use super::graph::CallGraph;
use super::warning;
use crate::config::error::at_span;
use crate::model::Diagnostic;

/// Warnings for recursion, errors for `next` with a nested function.
pub(super) fn findings(ast: &AstModule) -> Vec<Diagnostic> {
    let mut walk = Walk {
        graph: CallGraph::default(),
        blocks: Vec::new(),
        caller: None,
        nested: Vec::new(),
    };
    walk.block(&[], ast.statement());
    let mut findings: Vec<Diagnostic> = walk
        .nested
        .iter()
        .map(|(span, name)| {
            let message = format!(
                "next: function \"{name}\" must be defined at the top level of a file: the release finds it by its \
                 name when it goes on"
            );
            at_span(&ast.file_span(*span), message)
        })
        .collect();
    findings.extend(walk.graph.recursions().iter().map(|recursion| {
        let through = match recursion.function == recursion.through {
            true => "itself".to_owned(),
            false => format!("itself through `{}`", recursion.through),
        };
        let message = format!(
            "`{}` calls {through}: the original Ocuroot refuses recursion, write a loop",
            recursion.function
        );
        warning(ast, recursion.call, message)
    }));
    findings
}

/// The names one function, lambda or comprehension binds; the outermost is the file.
#[derive(Default)]
struct Block<'a> {
    functions: HashMap<&'a str, usize>,
    others: HashSet<&'a str>,
}

struct Walk<'a> {
    graph: CallGraph<'a>,
    blocks: Vec<Block<'a>>,
    /// The function whose body is being looked at.
    caller: Option<usize>,
    nested: Vec<(Span, &'a str)>,
}

impl<'a> Walk<'a> {
    fn block(&mut self, parameters: &'a [AstParameter], body: &'a AstStmt) {
        let mut block = Block {
            others: names_of(parameters),
            ..Block::default()
        };
        bind(body, &mut block, &mut self.graph);
        self.blocks.push(block);
        self.visit(Visit::Stmt(body));
        self.blocks.pop();
    }

    fn visit(&mut self, node: Visit<'a, AstNoPayload>) {
        match node {
            Visit::Stmt(statement) => self.statement(statement),
            Visit::Expr(expression) => self.expression(expression),
        }
    }

    fn statement(&mut self, statement: &'a AstStmt) {
        match &statement.node {
            StmtP::Def(definition) => {
                for default in definition.params.iter().filter_map(default_of) {
                    self.expression(default);
                }
                let caller = self.caller;
                self.caller = self.function(&definition.name.node.ident);
                self.block(&definition.params, &definition.body);
                self.caller = caller;
            }
            StmtP::Assign(assignment) if matches!(assignment.rhs.node, ExprP::Lambda(_)) => {
                let caller = self.caller;
                assignment.lhs.visit_lvalue(|name| {
                    self.caller = self.function(&name.node.ident).or(caller);
                });
                self.expression(&assignment.rhs);
                self.caller = caller;
            }
            other => other.visit_children(|child| self.visit(child)),
        }
    }

    fn expression(&mut self, expression: &'a AstExpr) {
        let names = match &expression.node {
            ExprP::Lambda(lambda) => names_of(&lambda.params),
            ExprP::ListComprehension(_, first, clauses)
            | ExprP::DictComprehension(_, first, clauses) => loop_names(first, clauses),
            ExprP::Call(callee, arguments) => {
                self.call(callee, arguments);
                HashSet::new()
            }
            _ => HashSet::new(),
        };
        // Most expressions bind nothing, and a long sum is as deep as it is long.
        let binds = !names.is_empty();
        if binds {
            self.blocks.push(Block {
                others: names,
                ..Block::default()
            });
        }
        expression
            .node
            .visit_expr(|child| self.visit(Visit::Expr(child)));
        if binds {
            self.blocks.pop();
        }
    }

    fn call(&mut self, callee: &'a AstExpr, arguments: &'a CallArgsP<AstNoPayload>) {
        let ExprP::Identifier(name) = &callee.node else {
            return;
        };
        let name = &name.node.ident;
        if let (Some(caller), Some(called)) = (self.caller, self.function(name)) {
            self.graph.add_call(caller, called, callee.span);
        }
        let is_builtin = name == "next" && !self.blocks.iter().any(|block| block.has(name));
        if let Some(function) = continuation(arguments).filter(|_| is_builtin) {
            match &function.node {
                ExprP::Lambda(_) => self.nested.push((function.span, "lambda")),
                ExprP::Identifier(name) if self.is_nested(&name.node.ident) => {
                    self.nested.push((function.span, &name.node.ident));
                }
                _ => {}
            }
        }
    }

    /// The function a name means here, if it means one of this file.
    fn function(&self, name: &str) -> Option<usize> {
        let block = self.blocks.iter().rev().find(|block| block.has(name))?;
        block.functions.get(name).copied()
    }

    fn is_nested(&self, name: &str) -> bool {
        let innermost = self.blocks.iter().rposition(|block| block.has(name));
        innermost.is_some_and(|at| at > 0 && self.blocks[at].functions.contains_key(name))
    }
}

impl Block<'_> {
    fn has(&self, name: &str) -> bool {
        self.functions.contains_key(name) || self.others.contains(name)
    }
}

/// The names that the statements of a block bind, functions apart: what is defined later may be called earlier.
fn bind<'a>(statement: &'a AstStmt, block: &mut Block<'a>, graph: &mut CallGraph<'a>) {
    match &statement.node {
        StmtP::Def(definition) => {
            let name = definition.name.node.ident.as_str();
            let number = graph.add(name);
            block.functions.insert(name, number);
        }
        StmtP::Assign(assignment) => assignment.lhs.visit_lvalue(|name| {
            let name = name.node.ident.as_str();
            match assignment.rhs.node {
                ExprP::Lambda(_) => {
                    let number = graph.add(name);
                    block.functions.insert(name, number);
                }
                _ => {
                    block.others.insert(name);
                }
            }
        }),
        StmtP::For(each) => {
            each.var.visit_lvalue(|name| {
                block.others.insert(&name.node.ident);
            });
            bind(&each.body, block, graph);
        }
        StmtP::Load(load) => {
            let names = load.args.iter().map(|argument| &argument.local.node.ident);
            block.others.extend(names.map(String::as_str));
        }
        StmtP::Statements(statements) => {
            for statement in statements {
                bind(statement, block, graph);
            }
        }
        StmtP::If(_, body) => bind(body, block, graph),
        StmtP::IfElse(_, bodies) => {
            bind(&bodies.0, block, graph);
            bind(&bodies.1, block, graph);
        }
        _ => {}
    }
}

fn names_of(parameters: &[AstParameter]) -> HashSet<&str> {
    let names = parameters.iter().filter_map(|parameter| parameter.ident());
    names.map(|name| name.node.ident.as_str()).collect()
}

fn default_of(parameter: &AstParameter) -> Option<&AstExpr> {
    match &parameter.node {
        starlark::syntax::ast::ParameterP::Normal(_, _, default) => default.as_deref(),
        _ => None,
    }
}

fn loop_names<'a>(
    first: &'a ForClauseP<AstNoPayload>,
    clauses: &'a [ClauseP<AstNoPayload>],
) -> HashSet<&'a str> {
    let others = clauses.iter().filter_map(|clause| match clause {
        ClauseP::For(clause) => Some(clause),
        ClauseP::If(_) => None,
    });
    let mut names = HashSet::new();
    for clause in std::iter::once(first).chain(others) {
        clause.var.visit_lvalue(|name| {
            names.insert(name.node.ident.as_str());
        });
    }
    names
}

/// The function that `next(...)` is given.
fn continuation(arguments: &CallArgsP<AstNoPayload>) -> Option<&AstExpr> {
    let named = arguments
        .args
        .iter()
        .find_map(|argument| match &argument.node {
            ArgumentP::Named(name, value) if name.node == "fn" => Some(value),
            _ => None,
        });
    named.or_else(|| match &arguments.args.first()?.node {
        ArgumentP::Positional(value) => Some(value),
        _ => None,
    })
}
