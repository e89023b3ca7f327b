//! The rules, each a function from a file to what is wrong with it.

use syn::visit::Visit;

use super::source::Source;

/// The modules from the bottom up. A module may use those of lower layers, and itself.
const LAYERS: [(&[&str], u8); 5] = [
    (&["model"], 0),
    (&["budget", "command", "config", "engine", "report"], 1),
    (
        &["clock", "github", "runner", "sandbox", "store", "webhook"],
        2,
    ),
    (&["worker"], 3),
    (
        &[
            "api",
            "cli",
            "demo",
            "local",
            "remote",
            "server",
            "settings",
            "telemetry",
            "web",
        ],
        4,
    ),
];

/// Who may use a neighbour in its own layer, and why.
pub const NEIGHBOURS: [(&str, &str, &str); 4] = [
    (
        "report",
        "engine",
        "puts into words what the engine has decided and derived",
    ),
    (
        "report",
        "command",
        "says what is wrong with a line that is no command",
    ),
    (
        "store",
        "webhook",
        "writes down the deliveries that intake has verified",
    ),
    (
        "remote",
        "local",
        "finds the repository around the current directory, and narrates what runs, the same way",
    ),
];

/// What belongs to one module, or a few, outside tests.
const OWNED: [(&str, &[&str]); 8] = [
    ("octocrab", &["github", "simulator"]),
    ("jsonwebtoken", &["github", "simulator"]),
    ("sqlx", &["store"]),
    ("starlark", &["config"]),
    ("starlark_syntax", &["config"]),
    ("axum", &["api", "server", "simulator", "web", "webhook"]),
    ("reqwest", &["github", "remote", "runner", "simulator"]),
    ("seccompiler", &["sandbox"]),
];

/// What a pure module may not even name.
const OUTSIDE: [&str; 9] = [
    "sqlx",
    "octocrab",
    "axum",
    "reqwest",
    "tokio",
    "rand",
    "getrandom",
    "tracing",
    "tempfile",
];
const OUTSIDE_STD: [&str; 5] = ["fs", "env", "net", "process", "thread"];
const CLOCKS: [&str; 3] = ["SystemTime", "Instant", "Zoned"];

pub const LONGEST_FILE: usize = 400;
pub const LONGEST_FUNCTION: usize = 60;

/// Functions that are longer than agreed: to be taken apart by whoever changes them next, never to grow.
pub const LONG_FUNCTIONS: [(&str, &str, usize); 6] = [
    ("src/simulator/actions/step.rs", "command", 72),
    ("src/simulator/actions/uses.rs", "checkout", 61),
    ("src/simulator/page/forms.rs", "carry_out", 70),
    ("src/simulator/page/pull.rs", "page", 61),
    ("src/simulator/payload/repository.rs", "repository_json", 66),
    (
        "src/simulator/state/pull_request.rs",
        "open_pull_request",
        67,
    ),
];

fn layer(module: &str) -> Option<u8> {
    let of = LAYERS.iter().find(|(modules, _)| modules.contains(&module));
    of.map(|(_, layer)| *layer)
}

/// A module uses only lower layers, itself, and neighbours for a reason; the simulator uses nothing of ours.
pub fn layers(source: &Source) -> Vec<String> {
    let own = source.module();
    if matches!(own, "lib" | "main") {
        return Vec::new();
    }
    if own != "simulator" && layer(own).is_none() {
        return vec![format!("{}: `{own}` belongs to no layer", source.path)];
    }
    let mut wrong = Vec::new();
    for path in source.paths() {
        let [first, used, ..] = path.as_slice() else {
            continue;
        };
        if first == "crate" && !may_use(own, used) {
            wrong.push(format!(
                "{}: {own} may not use `{}`",
                source.path,
                path.join("::")
            ));
        }
    }
    wrong
}

fn may_use(own: &str, used: &str) -> bool {
    let is_neighbour = NEIGHBOURS
        .iter()
        .any(|(from, to, _)| *from == own && *to == used);
    let is_constant = used
        .chars()
        .all(|letter| letter.is_ascii_uppercase() || letter == '_');
    if own == used || is_neighbour || (is_constant && layer(own) == Some(4)) {
        return true;
    }
    match (own, used) {
        ("simulator", _) => false,
        // The demo and its verbs put the simulator up; nothing else knows that there is one.
        (_, "simulator") => matches!(own, "cli" | "demo"),
        _ => layer(own) > layer(used) && layer(used).is_some() || is_face(own, used),
    }
}

/// The faces are put together from each other: the program starts the server, the server serves the API.
fn is_face(own: &str, used: &str) -> bool {
    layer(own) == Some(4) && layer(used) == Some(4) && matches!(own, "cli" | "demo" | "server")
}

/// Layers 0 and 1 know no outside world: no network, disk, clock, chance, and nothing to wait for.
pub fn purity(source: &Source) -> Vec<String> {
    let is_pure = layer(source.module()).is_some_and(|layer| layer < 2);
    if !is_pure || source.is_test() {
        return Vec::new();
    }
    let mut wrong = Vec::new();
    let mut complain = |name: &str| wrong.push(format!("{}: names `{name}`", source.path));
    for path in source.paths() {
        let words: Vec<&str> = path.iter().map(String::as_str).collect();
        match words.as_slice() {
            [first, _, ..] if OUTSIDE.contains(first) => complain(first),
            ["std", second, ..] if OUTSIDE_STD.contains(second) => complain(&path.join("::")),
            ["use", ..] => {}
            [.., _, "now"] => complain(&path.join("::")),
            _ => {}
        }
    }
    for word in source.words() {
        if CLOCKS.contains(&word.as_str()) || matches!(word.as_str(), "async" | "await") {
            complain(&word);
        }
    }
    wrong
}

/// One library, one module that knows it.
pub fn owners(source: &Source) -> Vec<String> {
    if source.is_test() {
        return Vec::new();
    }
    let mut wrong = Vec::new();
    for path in source.paths() {
        for (library, owners) in OWNED {
            let is_used = path[0] == library && path.len() > 1;
            if is_used && !owners.contains(&source.module()) {
                wrong.push(format!(
                    "{}: only {} may use {library}",
                    source.path,
                    owners.join(", ")
                ));
            }
        }
    }
    wrong
}

/// `#[cfg(test)]` marks modules of tests and nothing else: what is tested is what runs.
pub fn same_code_in_tests(source: &Source) -> Vec<String> {
    struct Marks(Vec<usize>);
    impl<'ast> Visit<'ast> for Marks {
        fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
            for item in module.content.iter().flat_map(|(_, items)| items) {
                self.visit_item(item);
            }
        }
        fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
            let is_cfg = attribute.path().is_ident("cfg");
            let names_test = matches!(&attribute.meta, syn::Meta::List(list)
                if list.tokens.to_string().split(|letter: char| !letter.is_alphanumeric())
                    .any(|word| word == "test"));
            if is_cfg && names_test {
                self.0.push(attribute.pound_token.span.start().line);
            }
        }
    }
    let mut marks = Marks(Vec::new());
    marks.visit_file(&parsed(source));
    let lines = marks.0.into_iter();
    lines
        .map(|line| {
            format!(
                "{}:{line}: `cfg(test)` on something else than a module",
                source.path
            )
        })
        .collect()
}

pub fn file_length(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    let is_too_long = lines > LONGEST_FILE;
    is_too_long
        .then(|| format!("{}: {lines} lines", source.path))
        .into_iter()
        .collect()
}

/// Functions outside tests, where a long one may be a table of cases.
pub fn function_length(source: &Source) -> Vec<String> {
    let too_long = long_functions(source).into_iter();
    too_long
        .filter(|(name, lines)| {
            let mut allowed = LONG_FUNCTIONS.iter();
            !allowed.any(|(path, function, most)| {
                *path == source.path && function == name && lines <= most
            })
        })
        .map(|(name, lines)| format!("{}: {name} has {lines} lines", source.path))
        .collect()
}

pub fn long_functions(source: &Source) -> Vec<(String, usize)> {
    if source.is_test() {
        return Vec::new();
    }
    let mut functions = Functions(Vec::new());
    functions.visit_file(&parsed(source));
    functions.0.retain(|(_, lines)| *lines > LONGEST_FUNCTION);
    functions.0
}

struct Functions(Vec<(String, usize)>);

impl Functions {
    fn measure(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let first = signature.fn_token.span.start().line;
        let last = block.brace_token.span.close().end().line;
        self.0.push((signature.ident.to_string(), last + 1 - first));
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        // Starlark's builtins are declared as functions inside a function that is no more than their list.
        let mut attributes = function.attrs.iter();
        if !attributes.any(|attribute| attribute.path().is_ident("starlark_module")) {
            self.measure(&function.sig, &function.block);
        }
        syn::visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.measure(&function.sig, &function.block);
        syn::visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.measure(&function.sig, block);
        }
        syn::visit::visit_trait_item_fn(self, function);
    }
}

fn parsed(source: &Source) -> syn::File {
    let file = syn::parse2(source.tokens());
    file.unwrap_or_else(|error| panic!("{}: {error}", source.path))
}
