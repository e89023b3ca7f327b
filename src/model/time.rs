//! Points in time as the product stores and compares them.

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch, UTC. The unit of every time column and of `now` in the engine.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The time `seconds` later.
    pub fn plus_seconds(self, seconds: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// Whole milliseconds from `earlier` to this time; negative when this time is before it.
    pub fn since(self, earlier: Timestamp) -> i64 {
        self.0 - earlier.0
    }

    /// A time as GitHub's API writes them; `None` when `text` is none.
    pub fn from_rfc3339(text: &str) -> Option<Timestamp> {
        let time: jiff::Timestamp = text.parse().ok()?;
        Some(Timestamp(time.as_millisecond()))
    }

    /// RFC 3339 in UTC with seconds, as GitHub's API wants times: `2026-11-23T09:00:00Z`.
    pub fn rfc3339(self) -> String {
        jiff::Timestamp::from_millisecond(self.0 - self.0.rem_euclid(1000)).map_or_else(
            |_| String::from("(time out of range)"),
            |time| time.to_string(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn prints_the_way_github_reads_it() {
        assert_eq!(Timestamp(0).rfc3339(), "1970-01-01T00:00:00Z");
        assert_eq!(Timestamp(951_826_088_500).rfc3339(), "2000-02-29T12:08:08Z");
        assert_eq!(
            Timestamp(1_795_424_400_000).rfc3339(),
            "2026-11-23T09:00:00Z"
        );
    }

    #[test]
    fn reads_what_github_writes() {
        let nine = Some(Timestamp(1_795_424_400_000));
        for text in ["2026-11-23T09:00:00Z", "2026-11-23T10:00:00+01:00"] {
            assert_eq!(Timestamp::from_rfc3339(text), nine);
        }
        assert_eq!(Timestamp::from_rfc3339("yesterday"), None);
    }
}
