//! What somebody may have meant, and how their words are quoted.

/// The most characters of a person's word that an answer repeats.
const LONGEST: usize = 60;

/// Somebody's word in a code span of one line that it cannot leave.
pub(super) fn code(text: &str) -> String {
    let visible = |letter: char| match letter {
        '`' => '\'',
        letter if is_invisible(letter) => '\u{fffd}',
        letter => letter,
    };
    let mut shown: String = text.chars().take(LONGEST).map(visible).collect();
    if text.chars().count() > LONGEST {
        shown.push('…');
    }
    if shown.trim().is_empty() {
        return "an empty text".to_owned();
    }
    format!("`{shown}`")
}

/// Whether a character only steers: it ends a line, turns the direction of writing, or shows nothing. A record with it
/// would read differently from what it says. What joins letters and emoji is none of these.
pub(super) fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
        || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}

/// The word that `typed` was probably meant to be.
pub(super) fn nearest<'a>(
    typed: &str,
    words: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // Nothing is as long as that, and the distance costs the product of both lengths.
    if typed.chars().count() > LONGEST {
        return None;
    }
    let near = words
        .into_iter()
        .map(|word| (distance(typed, word), word))
        .min();
    near.filter(|(steps, word)| *steps <= 2 && *steps < word.chars().count() - 1)
        .map(|(_, word)| word)
}

/// How many letters must be added, removed, replaced or swapped with their neighbour to turn one word into another.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut table = vec![vec![0; to.len() + 1]; from.len() + 1];
    for row in 0..=from.len() {
        for column in 0..=to.len() {
            table[row][column] = if row == 0 || column == 0 {
                row + column
            } else {
                let differs = usize::from(from[row - 1] != to[column - 1]);
                let mut best = (table[row - 1][column] + 1)
                    .min(table[row][column - 1] + 1)
                    .min(table[row - 1][column - 1] + differs);
                let is_swap = row > 1
                    && column > 1
                    && from[row - 1] == to[column - 2]
                    && from[row - 2] == to[column - 1];
                if is_swap {
                    best = best.min(table[row - 2][column - 2] + 1);
                }
                best
            };
        }
    }
    table[from.len()][to.len()]
}
