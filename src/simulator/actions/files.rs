//! The files a step writes to: `GITHUB_OUTPUT`, `GITHUB_ENV`, `GITHUB_PATH`.

/// The pairs of a file with `name=value` lines and `name<<DELIMITER` blocks.
pub(super) fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut pairs = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim().is_empty() {
            continue;
        }
        let equals = line.find('=').unwrap_or(usize::MAX);
        match line.split_once("<<") {
            Some((name, delimiter)) if name.len() < equals => {
                let mut value = Vec::new();
                loop {
                    match lines.next() {
                        Some(line) if line == delimiter => break,
                        Some(line) => value.push(line),
                        None => {
                            return Err(format!(
                                "the value of `{name}` never reaches its delimiter {delimiter}"
                            ));
                        }
                    }
                }
                pairs.push((name.trim().to_owned(), value.join("\n")));
            }
            _ => {
                let (name, value) = line
                    .split_once('=')
                    .ok_or_else(|| format!("not a `name=value` line: {line}"))?;
                pairs.push((name.trim().to_owned(), value.to_owned()));
            }
        }
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::pairs;

    #[test]
    fn lines_and_blocks_are_read() {
        let text = "a=1\nb<<EOF\nx=y\n\nz\nEOF\nurl=http://h/?q=<<\n";
        let expected = [("a", "1"), ("b", "x=y\n\nz"), ("url", "http://h/?q=<<")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(pairs(text), Ok(expected.to_vec()));
        assert!(pairs("b<<EOF\nnever").is_err());
        assert!(pairs("nonsense").is_err());
    }
}
