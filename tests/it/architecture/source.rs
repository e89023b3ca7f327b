//! Source files as tokens: what they name, without comments, strings and `#[cfg(test)]` modules.

use std::path::Path;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A file below `src/`.
pub struct Source {
    /// From the package's root: `src/engine/plan.rs`.
    pub path: String,
    pub text: String,
}

impl Source {
    pub fn sample(path: &str, text: &str) -> Source {
        Source {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    /// The module below the crate's root that the file belongs to: `engine`.
    pub fn module(&self) -> &str {
        let path = self.path.strip_prefix("src/").unwrap_or(&self.path);
        path.split(['/', '.']).next().unwrap_or("")
    }

    pub fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }

    /// Every path the file names, as its segments; grouped imports are taken apart. Test modules are left out.
    pub fn paths(&self) -> Vec<Vec<String>> {
        let mut paths = Vec::new();
        read(without_tests(self.tokens()), &mut paths);
        for path in &mut paths {
            self.make_absolute(path);
        }
        paths
    }

    /// Every single word of the code outside test modules.
    pub fn words(&self) -> Vec<String> {
        fn collect(stream: TokenStream, words: &mut Vec<String>) {
            for tree in stream {
                match tree {
                    TokenTree::Ident(word) => words.push(word.to_string()),
                    TokenTree::Group(group) => collect(group.stream(), words),
                    TokenTree::Punct(_) | TokenTree::Literal(_) => {}
                }
            }
        }
        let mut words = Vec::new();
        collect(without_tests(self.tokens()), &mut words);
        words
    }

    pub fn tokens(&self) -> TokenStream {
        let tokens = self.text.parse::<TokenStream>();
        tokens.unwrap_or_else(|error| panic!("{}: {error}", self.path))
    }

    /// `super::super::x` means what `crate::…::x` does, as far as it is written at the top of the file.
    fn make_absolute(&self, path: &mut Vec<String>) {
        let ups = path.iter().take_while(|word| *word == "super").count();
        if ups == 0 {
            return;
        }
        let inner = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        let inner = inner.trim_end_matches("/mod");
        let mut absolute: Vec<String> = inner.split('/').map(str::to_owned).collect();
        absolute.truncate(absolute.len().saturating_sub(ups));
        absolute.insert(0, "crate".to_owned());
        absolute.extend(path.drain(ups..));
        *path = absolute;
    }
}

/// All files of a directory, sorted by path.
pub fn below(directory: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut open = vec![root.join(directory)];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).expect("below the root");
                found.push(Source {
                    path: name.to_str().expect("UTF-8").to_owned(),
                    text: std::fs::read_to_string(&path).expect("a source file"),
                });
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// Leaves out `#[cfg(test)] mod … { … }`.
fn without_tests(stream: TokenStream) -> TokenStream {
    let trees: Vec<TokenTree> = stream.into_iter().collect();
    let mut kept = Vec::new();
    let mut index = 0;
    while index < trees.len() {
        let is_marked = matches!(&trees[index..], [TokenTree::Punct(hash), TokenTree::Group(of), ..]
            if hash.as_char() == '#' && of.stream().to_string().replace(' ', "") == "cfg(test)");
        if is_marked {
            let rest = trees[index..].iter();
            let end = rest.take_while(|tree| !ends_item(tree)).count();
            index += end + 1;
        } else {
            kept.push(trees[index].clone());
            index += 1;
        }
    }
    kept.into_iter().collect()
}

fn ends_item(tree: &TokenTree) -> bool {
    match tree {
        TokenTree::Punct(sign) => sign.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Ident(_) | TokenTree::Literal(_) => false,
    }
}

fn read(stream: TokenStream, paths: &mut Vec<Vec<String>>) {
    let trees: Vec<TokenTree> = stream.into_iter().collect();
    let mut index = 0;
    while index < trees.len() {
        match &trees[index] {
            TokenTree::Ident(_) => index = read_path(&trees, index, &[], paths),
            TokenTree::Group(group) => {
                read(group.stream(), paths);
                index += 1;
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => index += 1,
        }
    }
}

/// Reads the path that starts at `index` and answers where it ends.
fn read_path(
    trees: &[TokenTree],
    mut index: usize,
    before: &[String],
    paths: &mut Vec<Vec<String>>,
) -> usize {
    let mut path = before.to_vec();
    loop {
        match trees.get(index) {
            Some(TokenTree::Ident(word)) => path.push(word.to_string()),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                read_branches(group, &path, paths);
                return index + 1;
            }
            // `*`, or the types of a turbofish, which are read as paths of their own.
            _ => break,
        }
        index += 1;
        if !is_separator(&trees[index..]) {
            break;
        }
        index += 2;
    }
    paths.push(path);
    index
}

fn read_branches(group: &Group, before: &[String], paths: &mut Vec<Vec<String>>) {
    let trees: Vec<TokenTree> = group.stream().into_iter().collect();
    let mut index = 0;
    while index < trees.len() {
        index = match &trees[index] {
            TokenTree::Ident(_) => read_path(&trees, index, before, paths),
            _ => index + 1,
        };
    }
}

fn is_separator(trees: &[TokenTree]) -> bool {
    matches!(trees, [TokenTree::Punct(one), TokenTree::Punct(two), ..]
        if one.as_char() == ':' && two.as_char() == ':')
}
