//! The numbers.

/// How much may be sent in any span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ceiling {
    /// Creations in any minute.
    pub content_per_minute: u32,
    /// Creations in any hour.
    pub content_per_hour: u32,
    /// Points in any minute.
    pub points_per_minute: u32,
}

/// What an installation may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For answers to people, and for stopping what they want stopped.
    pub people: Ceiling,
    /// For everything else.
    pub others: Ceiling,
    /// Points in any minute, with what a delivery or a call asks on its way: nothing goes beyond.
    pub points_at_most: u32,
    /// Milliseconds between writes while more wait.
    pub spacing: i64,
    /// Writes that need not wait for each other after a pause.
    pub free: i64,
    /// Percent of the requests of an hour that are kept for people.
    pub reserve: u64,
    /// Seconds between two writes of how something goes on.
    pub progress: i64,
    /// With more calls waiting than this, only beginnings and ends are told.
    pub large_backlog: i64,
}

impl Limits {
    /// What GitHub allows (80 and 500 creations, 900 points), less a fifth: people use the web pages, too, and other
    /// programs may act for the same account.
    pub const GITHUB: Limits = Limits {
        people: Ceiling {
            content_per_minute: 70,
            content_per_hour: 450,
            points_per_minute: 800,
        },
        others: Ceiling {
            content_per_minute: 60,
            content_per_hour: 400,
            points_per_minute: 700,
        },
        points_at_most: 850,
        spacing: 1000,
        free: 10,
        reserve: 10,
        progress: 5,
        large_backlog: 60,
    };

    /// For a GitHub of one's own that limits nothing. When it does refuse, that is still obeyed.
    pub const NONE: Limits = Limits {
        people: Ceiling::NONE,
        others: Ceiling::NONE,
        points_at_most: u32::MAX,
        spacing: 0,
        free: 0,
        reserve: 0,
        progress: 0,
        large_backlog: i64::MAX,
    };
}

impl Ceiling {
    const NONE: Ceiling = Ceiling {
        content_per_minute: u32::MAX,
        content_per_hour: u32::MAX,
        points_per_minute: u32::MAX,
    };

    /// A part of it, in thousandths, for creations and for points. Never nothing.
    pub(super) fn part(self, content: u32, points: u32) -> Ceiling {
        Ceiling {
            content_per_minute: part(self.content_per_minute, content).max(1),
            content_per_hour: part(self.content_per_hour, content).max(1),
            points_per_minute: part(self.points_per_minute, points).max(5),
        }
    }
}

fn part(whole: u32, thousandths: u32) -> u32 {
    let part = u64::from(whole) * u64::from(thousandths) / 1000;
    u32::try_from(part).unwrap_or(u32::MAX)
}
