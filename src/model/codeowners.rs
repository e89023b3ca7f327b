//! `CODEOWNERS`: who owns which paths of a repository, by GitHub's rules ("About code owners").
//!
//! Not by `globset`: a pattern is whatever somebody pushed, a glob becomes a regular expression that may be too large to
//! build, and patterns of this file cover directories, which takes two globs each.

use super::Grantee;

/// The rules of one `CODEOWNERS` file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeOwners {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    pattern: Pattern,
    owners: Vec<Grantee>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    segments: Vec<Part<Name>>,
    reach: Reach,
}

/// What a pattern is about, where its segments lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// Only a file there.
    File,
    /// Everything in a directory there.
    Directory,
    /// Both.
    Either,
}

/// A part of a pattern, over the segments of a path or over the letters of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part<T> {
    /// Any number of items, also none.
    Any,
    /// One item.
    One(T),
}

/// One segment of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    Plain(String),
    /// Letters; `None` stands for any one letter.
    Wild(Vec<Part<Option<char>>>),
}

impl CodeOwners {
    /// Reads a file. GitHub skips the lines that it does not understand, and so does this: negation, character ranges,
    /// sections, and owners that are none.
    pub fn parse(text: &str) -> CodeOwners {
        let rules = text.lines().filter_map(Rule::parse).collect();
        CodeOwners { rules }
    }

    /// The people and teams that own a file, by the last rule about its path; empty when nobody does. Logins and teams
    /// are as the file writes them, in any case. Owners given by e-mail address are left out: an address says nothing
    /// about who it belongs to on GitHub.
    pub fn owners_of(&self, path: &str) -> &[Grantee] {
        let path: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let mut latest_first = self.rules.iter().rev();
        latest_first
            .find(|rule| rule.pattern.is_about(&path))
            .map_or(&[], |rule| &rule.owners)
    }
}

impl Rule {
    fn parse(line: &str) -> Option<Rule> {
        let (pattern, rest) = split_pattern(line.trim_start());
        if pattern.starts_with('#') {
            return None;
        }
        let pattern = Pattern::parse(pattern)?;
        let mut owners = Vec::new();
        let words = rest.split_whitespace();
        for word in words.take_while(|word| !word.starts_with('#')) {
            match word.split_once('@')? {
                ("", _) => owners.push(word.parse().ok()?),
                (_, "") => return None,
                _ => {}
            }
        }
        Some(Rule { pattern, owners })
    }
}

/// The pattern and what follows it. A space within a path is written `\ `.
fn split_pattern(line: &str) -> (&str, &str) {
    let mut is_escaped = false;
    let end = line.find(|letter: char| {
        let is_end = letter.is_whitespace() && !is_escaped;
        is_escaped = letter == '\\' && !is_escaped;
        is_end
    });
    line.split_at(end.unwrap_or(line.len()))
}

impl Pattern {
    fn parse(text: &str) -> Option<Pattern> {
        let is_unsupported = text.starts_with('!')
            || text.starts_with("\\#")
            || text.contains(['[', ']'])
            || text.contains("***");
        if is_unsupported {
            return None;
        }
        let (path, is_directory) = match text.strip_suffix('/') {
            Some(path) => (path, true),
            None => (text, false),
        };
        let mut segments = Vec::new();
        // A slash anywhere but at the end ties the pattern to the root of the repository.
        if !path.contains('/') {
            segments.push(Part::Any);
        }
        let path = path.strip_prefix('/').unwrap_or(path);
        for segment in path.split('/') {
            segments.push(match segment {
                "" => return None,
                "**" => Part::Any,
                name => Part::One(Name::parse(name)?),
            });
        }
        let reach = match path.rsplit('/').next() {
            // Directories at any depth, but not the files beside them.
            Some("**") if is_directory => {
                segments.push(Part::One(Name::Wild(vec![Part::Any])));
                Reach::Directory
            }
            Some("**") => Reach::Directory,
            _ if is_directory => Reach::Directory,
            // Where GitHub's rules differ from gitignore's: `docs/*` is not about `docs/build-app/troubleshooting.md`.
            Some("*") => Reach::File,
            _ => Reach::Either,
        };
        Some(Pattern { segments, reach })
    }

    fn is_about(&self, path: &[&str]) -> bool {
        let led = beginnings(&self.segments, path, |name, segment| name.fits(segment));
        let (whole, shorter) = led.split_last().expect("the empty beginning at least");
        match self.reach {
            Reach::File => *whole,
            Reach::Directory => shorter.contains(&true),
            Reach::Either => led.contains(&true),
        }
    }
}

impl Name {
    fn parse(text: &str) -> Option<Name> {
        let mut parts = Vec::new();
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            parts.push(match letter {
                '*' => Part::Any,
                '?' => Part::One(None),
                '\\' => Part::One(Some(letters.next()?)),
                letter => Part::One(Some(letter)),
            });
        }
        let plain = parts.iter().map(|part| match part {
            Part::One(letter) => *letter,
            Part::Any => None,
        });
        let plain: Option<String> = plain.collect();
        Some(plain.map_or_else(|| Name::Wild(parts), Name::Plain))
    }

    fn fits(&self, segment: &str) -> bool {
        match self {
            Name::Plain(name) => name == segment,
            Name::Wild(parts) => {
                let letters: Vec<char> = segment.chars().collect();
                let fits = |wanted: &Option<char>, letter: &char| {
                    wanted.is_none_or(|wanted| wanted == *letter)
                };
                beginnings(parts, &letters, fits).last() == Some(&true)
            }
        }
    }
}

/// Which beginnings of `items` all of the parts fit, by length from 0. The work grows with parts times items, however
/// many of the parts are `Any`.
fn beginnings<T, I>(parts: &[Part<T>], items: &[I], fits: impl Fn(&T, &I) -> bool) -> Vec<bool> {
    let mut fitting = vec![false; items.len() + 1];
    fitting[0] = true;
    for part in parts {
        match part {
            Part::Any => {
                let Some(shortest) = fitting.iter().position(|fits| *fits) else {
                    break;
                };
                fitting[shortest..].fill(true);
            }
            Part::One(wanted) => {
                for (index, item) in items.iter().enumerate().rev() {
                    fitting[index + 1] = fitting[index] && fits(wanted, item);
                }
                fitting[0] = false;
            }
        }
    }
    fitting
}

#[cfg(test)]
mod tests {
    use super::CodeOwners;

    /// The rules of GitHub's own example, in its order.
    const EXAMPLE: &str = "\
# This is a comment.
*       @global-owner1 @global-owner2

*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* @docs-owner
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
/apps/github/shared @doctocat
";

    fn owners(text: &str, path: &str) -> String {
        let owners = CodeOwners::parse(text);
        let names = owners.owners_of(path).iter().map(ToString::to_string);
        names.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn githubs_example_means_what_github_says() {
        let cases = [
            ("README.md", "@global-owner1 @global-owner2"),
            ("src/deep/.hidden", "@global-owner1 @global-owner2"),
            ("web/index.js", "@js-owner"),
            ("web/index.jsx", "@global-owner1 @global-owner2"),
            ("main.go", ""),
            ("notes/today.txt", "@octo-org/octocats"),
            ("tools/apps/any.js", "@octocat"),
            ("docs/getting-started.md", "@doctocat"),
            ("docs/build-app/troubleshooting.md", "@doctocat"),
            ("scripts/release.txt", "@doctocat @octocat"),
            ("build/logs/a/b.txt", "@octocat"),
            ("deeply/nested/logs/today.js", "@octocat"),
            ("logs/today", "@octocat"),
            ("logsandmore/today", "@global-owner1 @global-owner2"),
            ("apps/web/main.go", "@octocat"),
            ("apps/github", ""),
            ("apps/github/main.js", ""),
            ("apps/githubber/main.js", "@octocat"),
            ("apps/github/shared/main.js", "@doctocat"),
        ];
        for (path, expected) in cases {
            assert_eq!(owners(EXAMPLE, path), expected, "{path}");
        }
    }

    #[test]
    fn a_pattern_is_about_the_paths_it_should_be_about() {
        let cases = [
            ("*", "a/b/c", true),
            ("**", "a/b/c", true),
            ("docs/*", "docs/getting-started.md", true),
            ("docs/*", "docs/build-app/troubleshooting.md", false),
            ("docs/*", "more/docs/getting-started.md", false),
            ("docs/**", "docs/build-app/troubleshooting.md", true),
            ("docs/**", "docs", false),
            ("docs/**/", "docs/file", false),
            ("docs/**/", "docs/folder/file", true),
            ("/build/logs/", "build/logs/deep/a.log", true),
            ("/build/logs/", "src/build/logs/a.log", false),
            ("/build/logs/", "build/logs", false),
            ("apps/", "src/apps/main.rs", true),
            ("apps/", "src/apps", false),
            ("apps", "src/apps", true),
            ("apps", "src/apps/web/main.rs", true),
            ("/apps", "src/apps", false),
            ("**/logs", "deeply/nested/logs/a", true),
            ("a/**/b", "a/b", true),
            ("a/**/b", "a/x/y/b", true),
            ("a/**/b", "a/x/y/bc", false),
            ("*.js", "web/index.js/readme", true),
            ("*.js", "web/indexjs", false),
            ("a*c?e", "abbbcde", true),
            ("a*c?e", "abbbce", false),
            ("a**c", "a/b/c", false),
            ("a**c", "abc", true),
            ("/README.md", "README.md", true),
            ("/README.md", "docs/README.md", false),
            ("README.md", "readme.md", false),
            ("{a,b}", "{a,b}", true),
            ("{a,b}", "a", false),
            (r"my\ file", "my file", true),
            (r"what\?", "what?", true),
            (r"what\?", "whatx", false),
            ("straße?", "straßen", true),
        ];
        for (pattern, path, expected) in cases {
            let text = format!("{pattern} @owner");
            let expected = if expected { "@owner" } else { "" };
            assert_eq!(owners(&text, path), expected, "{pattern} and {path}");
        }
    }

    #[test]
    fn lines_that_github_skips_change_nothing() {
        let lines = [
            "!a @other",
            "[ab] @other",
            "[Section]",
            "^[Section][2] @other",
            r"\#a @other",
            "***/a @other",
            "//a @other",
            "/ @other",
            r"a\",
            "a other",
            "a docs@",
            "a @other/team/x",
            "a @",
            "# a @other",
            "  # a",
            "",
        ];
        for line in lines {
            let text = format!("* @owner\r\n{line}\r\n");
            for path in ["a", "#a", "!a", "[Section]"] {
                assert_eq!(owners(&text, path), "@owner", "{line:?} and {path}");
            }
        }
    }

    #[test]
    fn an_address_owns_without_naming_anybody() {
        let text = "* @owner\n*.go docs@example.com\n*.rs docs@example.com @alice";
        assert_eq!(owners(text, "main.go"), "");
        assert_eq!(owners(text, "main.rs"), "@alice");
        assert_eq!(owners("", "main.rs"), "");
    }

    #[test]
    fn a_pattern_of_many_wildcards_ends() {
        let text = format!(
            "{}b @owner\n{}b @owner",
            "**/a/".repeat(60),
            "*a".repeat(60)
        );
        assert_eq!(owners(&text, &"a/".repeat(400)), "");
        assert_eq!(owners(&text, &"a".repeat(400)), "");
    }
}
