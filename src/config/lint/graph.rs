//! Which functions call which, and who ends up in a call of itself.

use starlark::codemap::Span;

use super::MOST;

/// The functions of a file with the calls they make by name.
#[derive(Default)]
pub(super) struct CallGraph<'a> {
    names: Vec<&'a str>,
    calls: Vec<Vec<(usize, Span)>>,
}

/// A function that calls itself, perhaps through others.
pub(super) struct Recursion<'a> {
    pub(super) function: &'a str,
    pub(super) through: &'a str,
    pub(super) call: Span,
}

impl<'a> CallGraph<'a> {
    /// Adds a function and gives its number.
    pub(super) fn add(&mut self, name: &'a str) -> usize {
        self.names.push(name);
        self.calls.push(Vec::new());
        self.names.len() - 1
    }

    pub(super) fn add_call(&mut self, from: usize, to: usize, call: Span) {
        self.calls[from].push((to, call));
    }

    /// One entry for each function that can be reached from itself, up to a bound: files of strangers may hold many
    /// thousands of functions.
    pub(super) fn recursions(&self) -> Vec<Recursion<'a>> {
        let in_circles = self.without_dead_ends();
        let mut found = Vec::new();
        let suspects = (0..self.names.len()).filter(|function| in_circles[*function]);
        for function in suspects.take(10 * MOST) {
            let back = self.calls[function]
                .iter()
                .find(|(to, _)| in_circles[*to] && self.reaches(*to, function));
            found.extend(back.map(|(to, call)| Recursion {
                function: self.names[function],
                through: self.names[*to],
                call: *call,
            }));
            if found.len() >= MOST {
                break;
            }
        }
        found
    }

    /// Leaves functions out that call nothing, then those that call only such, until what is left leads into a circle.
    fn without_dead_ends(&self) -> Vec<bool> {
        let mut open: Vec<usize> = self.calls.iter().map(Vec::len).collect();
        let mut callers: Vec<Vec<usize>> = vec![Vec::new(); self.calls.len()];
        for (from, calls) in self.calls.iter().enumerate() {
            for (to, _) in calls {
                callers[*to].push(from);
            }
        }
        let mut dead_ends: Vec<usize> = (0..open.len()).filter(|one| open[*one] == 0).collect();
        let mut is_left = vec![true; open.len()];
        while let Some(function) = dead_ends.pop() {
            is_left[function] = false;
            for caller in &callers[function] {
                open[*caller] -= 1;
                if open[*caller] == 0 {
                    dead_ends.push(*caller);
                }
            }
        }
        is_left
    }

    fn reaches(&self, from: usize, to: usize) -> bool {
        let mut seen = vec![false; self.names.len()];
        let mut ahead = vec![from];
        while let Some(function) = ahead.pop() {
            if function == to {
                return true;
            }
            if !std::mem::replace(&mut seen[function], true) {
                ahead.extend(self.calls[function].iter().map(|(next, _)| *next));
            }
        }
        false
    }
}
