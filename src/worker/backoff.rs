//! When to try again: a pure function of how often it was tried.

/// Seconds to wait after the `attempts`-th try: 1, 2, 4 … 300.
pub(super) fn seconds(attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts.clamp(1, 10) - 1).unwrap_or(0);
    2_i64.pow(doublings).min(300)
}

/// After this many tries a delivery is given up: about a day.
pub(super) const MOST_ATTEMPTS: i64 = 300;

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn waits_longer_each_time_but_never_for_ever() {
        let waits: Vec<i64> = (0..12).map(seconds).collect();
        assert_eq!(waits, [1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    }
}
