//! Times of the calendar in which something is allowed, or not: `Mon-Fri 09:00-17:00 Europe/Berlin`,
//! `2026-12-20..2027-01-03 UTC`.
//!
//! Time zones come from the database that is built in, so that every instance means the same by a name.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Timestamp;

/// Some hours of some days of every week, or one stretch of dates; in a time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    text: String,
    zone: TimeZone,
    shape: Shape,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    /// Minutes of the day; `to` may be on the next day.
    Weekly {
        days: [bool; 7],
        from: i64,
        to: i64,
    },
    Once {
        from: DateTime,
        to: DateTime,
    },
}

/// From the first time on, up to but without the second.
pub type Interval = (Timestamp, Timestamp);

const MINUTES_OF_DAY: i64 = 24 * 60;

const DAYS: [(&str, Weekday); 7] = [
    ("Mon", Weekday::Monday),
    ("Tue", Weekday::Tuesday),
    ("Wed", Weekday::Wednesday),
    ("Thu", Weekday::Thursday),
    ("Fri", Weekday::Friday),
    ("Sat", Weekday::Saturday),
    ("Sun", Weekday::Sunday),
];

impl Window {
    /// The stretch that `at` lies in.
    pub fn interval_at(&self, at: Timestamp) -> Option<Interval> {
        let mut near = self.intervals(at);
        near.find(|(from, to)| *from <= at && at < *to)
    }

    /// When the next stretch after `at` begins.
    pub fn next_start(&self, at: Timestamp) -> Option<Timestamp> {
        let mut near = self.intervals(at);
        near.find(|(from, _)| *from > at).map(|(from, _)| from)
    }

    /// The stretches from the day before `at` to a week after it.
    fn intervals(&self, at: Timestamp) -> Box<dyn Iterator<Item = Interval> + '_> {
        match &self.shape {
            Shape::Once { from, to } => Box::new(self.interval(*from, *to).into_iter()),
            Shape::Weekly { days, from, to } => {
                let today = self.day_of(at);
                let near = (-1..=8).filter_map(move |offset| {
                    let day = today?.checked_add(offset.days()).ok()?;
                    let is_open =
                        days[usize::try_from(day.weekday().to_monday_zero_offset()).ok()?];
                    let begin = minute_of(day, *from)?;
                    let end = minute_of(day, *to)?;
                    is_open.then(|| self.interval(begin, end))?
                });
                Box::new(near)
            }
        }
    }

    fn day_of(&self, at: Timestamp) -> Option<Date> {
        let instant = jiff::Timestamp::from_millisecond(at.0).ok()?;
        Some(instant.to_zoned(self.zone.clone()).date())
    }

    /// Local times that the change to summer time skips count as the time after the gap.
    fn interval(&self, from: DateTime, to: DateTime) -> Option<Interval> {
        let instant = |local: DateTime| {
            let zoned = self.zone.to_zoned(local).ok()?;
            Some(Timestamp(zoned.timestamp().as_millisecond()))
        };
        Some((instant(from)?, instant(to)?))
    }
}

fn minute_of(day: Date, minute: i64) -> Option<DateTime> {
    let span = Span::new().try_minutes(minute).ok()?;
    day.to_datetime(Time::midnight()).checked_add(span).ok()
}

/// What is wrong with a window's text, with how to write it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no window: {problem}. Write days, hours and a time zone, such as \
     `Mon-Fri 09:00-17:00 Europe/Berlin`, or dates, such as `2026-12-20..2027-01-03 UTC`"
)]
pub struct WindowError {
    text: String,
    problem: String,
}

impl FromStr for Window {
    type Err = WindowError;

    fn from_str(text: &str) -> Result<Window, WindowError> {
        let error = |problem: String| WindowError {
            text: text.to_owned(),
            problem,
        };
        let words: Vec<&str> = text.split_whitespace().collect();
        let (zone, when) = words
            .split_last()
            .filter(|(_, when)| !when.is_empty())
            .ok_or_else(|| error("something is missing".to_owned()))?;
        let shape = match when {
            [dates] if dates.contains("..") => once(dates),
            [days] => weekly(days, "00:00-24:00"),
            [days, hours] => weekly(days, hours),
            _ => Err("there are too many words".to_owned()),
        };
        let zone =
            TimeZone::get(zone).map_err(|_| error(format!("there is no time zone `{zone}`")))?;
        Ok(Window {
            text: text.to_owned(),
            zone,
            shape: shape.map_err(error)?,
        })
    }
}

fn weekly(days: &str, hours: &str) -> Result<Shape, String> {
    let (from, to) = hours
        .split_once('-')
        .ok_or_else(|| format!("`{hours}` is no stretch of hours"))?;
    let (from, to) = (minute(from)?, minute(to)?);
    Ok(Shape::Weekly {
        days: weekdays(days)?,
        from,
        // `22:00-02:00` ends on the next day.
        to: if to > from { to } else { to + MINUTES_OF_DAY },
    })
}

fn minute(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is no time of day");
    let (hours, minutes) = text.split_once(':').ok_or_else(wrong)?;
    let number = |digits: &str| match digits.len() {
        2 => digits.parse::<i64>().map_err(|_| wrong()),
        _ => Err(wrong()),
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let all = hours * 60 + minutes;
    match minutes < 60 && all <= MINUTES_OF_DAY {
        true => Ok(all),
        false => Err(wrong()),
    }
}

fn weekdays(text: &str) -> Result<[bool; 7], String> {
    if text == "daily" {
        return Ok([true; 7]);
    }
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (weekday(first)?, weekday(last)?);
        let length = (last + 7 - first) % 7;
        for offset in 0..=length {
            days[(first + offset) % 7] = true;
        }
    }
    Ok(days)
}

fn weekday(name: &str) -> Result<usize, String> {
    DAYS.iter()
        .position(|(known, _)| known.eq_ignore_ascii_case(name))
        .ok_or_else(|| format!("`{name}` is no day of the week"))
}

fn once(text: &str) -> Result<Shape, String> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    let wrong = |part: &str| format!("`{part}` is no date");
    let begin = |part: &str| part.parse::<DateTime>().map_err(|_| wrong(part));
    // A last day without a time is meant whole.
    let end = match to.parse::<Date>() {
        Ok(day) if !to.contains('T') => day
            .tomorrow()
            .map_err(|_| wrong(to))?
            .to_datetime(Time::midnight()),
        _ => begin(to)?,
    };
    let from = begin(from)?;
    if end <= from {
        return Err("it ends before it begins".to_owned());
    }
    Ok(Shape::Once { from, to: end })
}

impl fmt::Display for Window {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Serialize for Window {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Window, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::{Timestamp, Window};

    fn at(text: &str) -> Timestamp {
        Timestamp::from_rfc3339(text).expect(text)
    }

    fn stretch(window: &str, time: &str) -> Option<String> {
        let window: Window = window.parse().expect(window);
        let (from, to) = window.interval_at(at(time))?;
        Some(format!("{}/{}", from.rfc3339(), to.rfc3339()))
    }

    fn next(window: &str, time: &str) -> Option<String> {
        let window: Window = window.parse().expect(window);
        Some(window.next_start(at(time))?.rfc3339())
    }

    #[test]
    fn hours_are_those_of_the_time_zone() {
        // 2026-11-23 is a Monday; Berlin is an hour ahead of UTC in winter and two in summer.
        let office = "Mon-Fri 09:00-17:00 Europe/Berlin";
        let monday = Some("2026-11-23T08:00:00Z/2026-11-23T16:00:00Z".to_owned());
        assert_eq!(stretch(office, "2026-11-23T08:00:00Z"), monday);
        assert_eq!(stretch(office, "2026-11-23T16:00:00Z"), None);
        assert_eq!(stretch(office, "2026-11-22T10:00:00Z"), None);
        let summer = Some("2026-07-01T07:00:00Z/2026-07-01T15:00:00Z".to_owned());
        assert_eq!(stretch(office, "2026-07-01T07:00:00Z"), summer);
    }

    #[test]
    fn the_next_stretch_may_be_days_away() {
        let office = "Mon-Fri 09:00-17:00 Europe/Berlin";
        let monday = Some("2026-11-30T08:00:00Z".to_owned());
        assert_eq!(next(office, "2026-11-27T16:00:00Z"), monday);
        let same_day_next_week = Some("2026-11-30T00:00:00Z".to_owned());
        assert_eq!(next("Mon UTC", "2026-11-23T10:00:00Z"), same_day_next_week);
        assert_eq!(
            next("2026-01-01..2026-01-02 UTC", "2026-11-23T10:00:00Z"),
            None
        );
    }

    #[test]
    fn a_night_belongs_to_the_day_it_begins_on() {
        let night = "Fri 22:00-02:00 UTC";
        let stretch_of_friday = Some("2026-11-27T22:00:00Z/2026-11-28T02:00:00Z".to_owned());
        assert_eq!(stretch(night, "2026-11-28T01:59:00Z"), stretch_of_friday);
        assert_eq!(stretch(night, "2026-11-27T01:00:00Z"), None);
        assert!(stretch("Fri-Mon UTC", "2026-11-29T12:00:00Z").is_some());
        assert!(stretch("daily 00:00-24:00 UTC", "2026-11-29T23:59:59Z").is_some());
    }

    #[test]
    fn dates_include_their_last_day() {
        let holidays = "2026-12-20..2027-01-03 Europe/Berlin";
        let whole = Some("2026-12-19T23:00:00Z/2027-01-03T23:00:00Z".to_owned());
        assert_eq!(stretch(holidays, "2027-01-03T22:59:59Z"), whole);
        assert_eq!(
            next(holidays, "2026-11-23T00:00:00Z"),
            Some("2026-12-19T23:00:00Z".to_owned())
        );
        let hours = "2026-12-20T15:00..2026-12-20T16:30 UTC";
        assert_eq!(stretch(hours, "2026-12-20T16:30:00Z"), None);
    }

    #[test]
    fn an_hour_that_does_not_exist_counts_as_the_one_after_it() {
        // On 2026-03-29 Berlin's clocks go from 02:00 to 03:00.
        let skipped = stretch("Sun 02:30-04:00 Europe/Berlin", "2026-03-29T01:45:00Z");
        assert_eq!(
            skipped,
            Some("2026-03-29T01:30:00Z/2026-03-29T02:00:00Z".to_owned())
        );
    }

    #[test]
    fn mistakes_are_named() {
        for (text, problem) in [
            ("", "something is missing"),
            ("UTC", "something is missing"),
            (
                "Mon-Fri 09:00-17:00 Berlin",
                "there is no time zone `Berlin`",
            ),
            ("Mon-Fri 09:00-17:00", "there is no time zone `09:00-17:00`"),
            ("Mon-Fry UTC", "`Fry` is no day of the week"),
            ("Mon 9-17 UTC", "`9` is no time of day"),
            ("Mon 09:00-24:30 UTC", "`24:30` is no time of day"),
            ("Mon 09:00 UTC", "`09:00` is no stretch of hours"),
            (
                "2026-12-20..2026-12-19T00:00 UTC",
                "it ends before it begins",
            ),
            ("2026-13-20..2026-12-19 UTC", "`2026-13-20` is no date"),
        ] {
            let error = text.parse::<Window>().expect_err(text).to_string();
            assert!(error.contains(problem), "{error}");
        }
    }
}
