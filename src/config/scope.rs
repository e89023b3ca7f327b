//! What builtins know about the file or function they are called from; travels as the evaluator's `extra`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use anyhow::{anyhow, bail};
use starlark::any::ProvidesStaticType;
use starlark::eval::Evaluator;
use starlark::values::Value;
use starlark::values::dict::DictMut;

use super::capabilities::{Capabilities, HostError};
use super::declared::{Declared, DeclaredAction, Place};
use super::error::from_one;
use super::functions::FunctionIndex;
use super::journal::Journal;
use super::limits::Limits;
use super::tree::SourceTree;
use crate::model::{Diagnostic, Environment, Severity};

/// What kind of file is being evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The file asked for: a package, or the environments.
    Entry,
    /// `repo.ocu.star`.
    Repository,
    /// A file that another one loads.
    Library,
}

/// What the evaluation is for.
#[derive(Clone)]
pub(super) enum Stage {
    /// Reading a file to learn what it declares. Nothing outside may be touched.
    Planning,
    /// Reading a file again to call one of its functions.
    Preparing,
    /// Calling a function.
    Running(Rc<FunctionIndex>),
}

/// The capability that was refused while running, shared by all files of one invocation.
pub(super) type NeededCapability = Rc<RefCell<Option<String>>>;

#[derive(ProvidesStaticType)]
pub(super) struct Scope<'a> {
    pub(super) path: String,
    pub(super) role: Role,
    pub(super) stage: Stage,
    pub(super) tree: &'a SourceTree,
    pub(super) limits: &'a Limits,
    pub(super) environments: Rc<[Environment]>,
    pub(super) capabilities: &'a dyn Capabilities,
    pub(super) needed: NeededCapability,
    pub(super) journal: Rc<Journal>,
    pub(super) declared: RefCell<Declared>,
    pub(super) has_warned: Cell<bool>,
}

/// The scope a builtin was called in.
pub(super) fn scope<'a, 'e>(eval: &Evaluator<'_, 'a, 'e>) -> anyhow::Result<&'a Scope<'e>> {
    eval.extra
        .and_then(|extra| extra.downcast_ref::<Scope<'e>>())
        .ok_or_else(|| anyhow!("this works only while a config file is evaluated"))
}

impl<'a> Scope<'a> {
    /// The innermost place of this file on the way to the builtin being called.
    pub(super) fn place(&self, eval: &Evaluator<'_, '_, '_>) -> Place {
        let frames = eval.call_stack().into_frames();
        let location = frames
            .iter()
            .rev()
            .filter_map(|frame| frame.location.as_ref())
            .find(|location| location.filename() == self.path);
        let begin = location.map(|location| location.resolve_span().begin);
        Place {
            path: self.path.clone(),
            line: begin.map_or(0, |begin| from_one(begin.line)),
            column: begin.map_or(0, |begin| from_one(begin.column)),
        }
    }

    /// Adds a finding that is no error at the place of the builtin being called.
    pub(super) fn remark(
        &self,
        eval: &Evaluator<'_, '_, '_>,
        severity: Severity,
        message: impl Into<String>,
    ) {
        let place = self.place(eval);
        self.journal.add_diagnostic(Diagnostic {
            severity,
            ..place.error(message)
        });
    }

    /// Refuses a builtin that only describes a release, such as `phase`, where none is described; says whether what
    /// it declares counts (a loaded file's does not).
    pub(super) fn may_declare(
        &self,
        eval: &Evaluator<'_, '_, '_>,
        builtin: &str,
    ) -> anyhow::Result<bool> {
        match (&self.stage, self.role) {
            (Stage::Running(_), _) => {
                bail!("{builtin} works at the top level of a file, not while a function runs")
            }
            (_, Role::Repository) => bail!("{builtin} is not available in repo.ocu.star"),
            (_, Role::Library) => {
                if !self.has_warned.replace(true) {
                    let message = format!(
                        "{builtin} has no effect in a file that is loaded: put it into a function and call that \
                         from the package's file"
                    );
                    self.remark(eval, Severity::Warning, message);
                }
                Ok(false)
            }
            (_, Role::Entry) => Ok(true),
        }
    }

    /// Keeps a function until the module is frozen and functions can be named. The garbage collector only knows
    /// what hangs on the module, so that is where it is kept.
    pub(super) fn keep_function<'v>(
        &self,
        function: Value<'v>,
        eval: &Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<DeclaredAction> {
        let mut declared = self.declared.borrow_mut();
        let index = declared.functions;
        let kept = eval
            .module()
            .extra_value()
            .ok_or_else(|| anyhow!("functions cannot be kept here"))?;
        let key = eval
            .heap()
            .alloc(index)
            .get_hashed()
            .map_err(|error| anyhow!("{}", error.without_diagnostic()))?;
        DictMut::from_value(kept)?.aref.insert_hashed(key, function);
        declared.functions += 1;
        Ok(DeclaredAction::Function(index))
    }

    /// Prints a line.
    ///
    /// # Errors
    /// When the file has printed too much.
    pub(super) fn print(&self, text: &str) -> anyhow::Result<()> {
        if self.say(text) {
            return Ok(());
        }
        bail!("more than {} bytes printed", self.limits.print_bytes)
    }

    /// Logs a line and keeps it while there is room; says whether there was.
    pub(super) fn say(&self, text: &str) -> bool {
        let line = self.journal.masked(text);
        self.capabilities.log(&line);
        self.journal.add_line(line, self.limits.print_bytes)
    }

    /// Registers a secret.
    pub(super) fn hide(&self, secret: &str) {
        if !secret.is_empty() {
            self.journal.add_secret(secret);
            self.capabilities.mask(secret);
        }
    }

    /// Uses a capability. `None`: this is `repo.ocu.star`, which may ask but gets no answer on the server.
    pub(super) fn ask<T>(
        &self,
        builtin: &str,
        eval: &Evaluator<'_, '_, '_>,
        call: impl FnOnce(&dyn Capabilities) -> Result<T, HostError>,
    ) -> anyhow::Result<Option<T>> {
        if matches!(self.stage, Stage::Planning) {
            if self.role != Role::Repository {
                bail!(
                    "{builtin} works inside a task's function, when the release runs, not while the file is planned"
                );
            }
            let message = format!("{builtin} is not run here: it gives an empty result");
            self.remark(eval, Severity::Notice, message);
            return Ok(None);
        }
        match call(self.capabilities) {
            Ok(answer) => Ok(Some(answer)),
            Err(HostError::Failed(reason)) => bail!("{reason}"),
            Err(HostError::NotGranted) => {
                self.needed
                    .borrow_mut()
                    .get_or_insert_with(|| builtin.to_owned());
                bail!("{builtin} is not available here")
            }
        }
    }
}
