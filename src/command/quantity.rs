//! The values of options that are not names: reasons, durations, commits, releases.

use super::spelling::{code, is_invisible};
use crate::model::ReleaseNumber;

const LONGEST_REASON: usize = 500;
const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A reason goes into records and onto pages: one line of visible text.
pub(super) fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("the reason is empty: say why, as in `--reason \"database upgrade\"`".into());
    }
    if let Some(letter) = text.chars().find(|letter| is_invisible(*letter)) {
        return Err(format!(
            "the reason has a character that cannot be seen (U+{:04X}): type it again without",
            u32::from(letter)
        ));
    }
    let length = text.chars().count();
    if length > LONGEST_REASON {
        return Err(format!(
            "the reason has {length} characters; at most {LONGEST_REASON} are kept, so say it shorter"
        ));
    }
    Ok(text.to_owned())
}

/// `90s`, `30m`, `2h`, `3d`, or several in that order from the longest: `1h30m`; in seconds.
pub(super) fn duration(text: &str) -> Result<i64, String> {
    let seconds = sum(text).ok_or_else(|| {
        format!(
            "{} is no duration: write a number and its unit, such as `30m`, `2h` or `3d`",
            code(text)
        )
    })?;
    if (MINUTE..=90 * DAY).contains(&seconds) {
        Ok(seconds)
    } else {
        Err(format!(
            "{} is not between a minute and 90 days (`1m` to `90d`)",
            code(text)
        ))
    }
}

/// Numbers beyond all bounds count as the greatest there is.
fn sum(text: &str) -> Option<i64> {
    let mut seconds: i64 = 0;
    let mut smallest = i64::MAX;
    let mut rest = text;
    while !rest.is_empty() {
        let after = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let digits = &rest[..rest.len() - after.len()];
        let unit = match after.chars().next()? {
            's' => 1,
            'm' => MINUTE,
            'h' => HOUR,
            'd' => DAY,
            _ => return None,
        };
        if digits.is_empty() || unit >= smallest {
            return None;
        }
        let number = digits.parse().unwrap_or(i64::MAX);
        seconds = seconds.saturating_add(unit.saturating_mul(number));
        smallest = unit;
        rest = &after[1..];
    }
    (!text.is_empty()).then_some(seconds)
}

/// How a commit id begins.
pub(super) fn sha(text: &str) -> Result<String, String> {
    let is_hexadecimal = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hexadecimal && (7..=64).contains(&text.len()) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(format!(
            "{} is no commit: write at least the first 7 digits of its id, as GitHub shows them",
            code(text)
        ))
    }
}

/// `r7`
pub(super) fn release(text: &str) -> Result<ReleaseNumber, String> {
    let problem = || format!("{} is no release: write its number as in `r7`", code(text));
    text.parse().map_err(|_| problem())
}
