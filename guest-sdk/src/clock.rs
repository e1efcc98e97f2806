//! What time it is.

#[cfg(target_arch = "wasm32")]
use crate::bindings::wit::lapak::app::clock as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::simulated::clock as host;

pub use crate::bindings::wit::lapak::app::clock::{Error, Timestamp};

/// The present moment.
///
/// # Errors
/// [`Error::AccessDenied`] when the host does not lend the clock.
pub fn now() -> Result<Timestamp, Error> {
    host::now()
}

/// Milliseconds since the app was launched; never goes back.
///
/// # Errors
/// [`Error::AccessDenied`] when the host does not lend the clock.
pub fn elapsed_ms() -> Result<u64, Error> {
    host::elapsed_ms()
}

/// What to add to UTC for the person's local time at another moment, in minutes.
///
/// # Errors
/// [`Error::AccessDenied`] when the host does not lend the clock; [`Error::OutOfRange`] after the year 9999.
pub fn utc_offset_minutes_at(unix_ms: u64) -> Result<i32, Error> {
    host::utc_offset_minutes_at(unix_ms)
}

/// How the person's calendar and wall clock show a moment, in the past or to come.
///
/// # Errors
/// See [`utc_offset_minutes_at`].
pub fn local(unix_ms: u64) -> Result<LocalTime, Error> {
    let utc_offset_minutes = utc_offset_minutes_at(unix_ms)?;
    let moment = Timestamp {
        unix_ms,
        utc_offset_minutes,
    };
    Ok(moment.local())
}

/// The person's time zone by its name in the IANA database, `Asia/Jakarta`; `None` where only its offset is known.
///
/// # Errors
/// [`Error::AccessDenied`] when the host does not lend the clock.
pub fn zone() -> Result<Option<String>, Error> {
    host::zone()
}

impl Timestamp {
    /// How the person's calendar and wall clock show this moment.
    ///
    /// ```
    /// use lapak_sdk::clock::Timestamp;
    /// let moment = Timestamp { unix_ms: 1_767_585_600_000, utc_offset_minutes: 7 * 60 };
    /// assert_eq!(moment.local().to_string(), "2026-01-05 11:00");
    /// ```
    #[must_use]
    pub fn local(self) -> LocalTime {
        let minutes = i64::try_from(self.unix_ms / 60_000).unwrap_or(i64::MAX);
        let minutes = minutes.saturating_add(i64::from(self.utc_offset_minutes));
        let (days, minute_of_day) = (minutes.div_euclid(24 * 60), minutes.rem_euclid(24 * 60));
        let (year, month, day) = civil(days);
        LocalTime {
            year,
            month,
            day,
            hour: minute_of_day / 60,
            minute: minute_of_day % 60,
        }
    }
}

/// A moment as calendar and wall clock show it (Gregorian). Its `Display` is `2026-01-05 11:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalTime {
    /// E.g. 2026.
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// 1 to 31.
    pub day: i64,
    /// 0 to 23.
    pub hour: i64,
    /// 0 to 59.
    pub minute: i64,
}

impl std::fmt::Display for LocalTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            year,
            month,
            day,
            hour,
            minute,
        } = self;
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}")
    }
}

/// Year, month and day of a day counted from 1970-01-01. Years begin in March here, so that the day that leap
/// years add is the last one; 400 years have 146,097 days.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days.saturating_add(719_468);
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    fn local(unix_ms: u64, utc_offset_minutes: i32) -> String {
        Timestamp {
            unix_ms,
            utc_offset_minutes,
        }
        .local()
        .to_string()
    }

    #[test]
    fn days_months_and_years_end_where_the_calendar_ends_them() {
        let days = [
            (0, "1970-01-01"),
            (58, "1970-02-28"),
            (59, "1970-03-01"),
            (10_956, "1999-12-31"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (20_457, "2026-01-04"),
            (47_540, "2100-02-28"),
            (47_541, "2100-03-01"),
        ];
        for (day, date) in days {
            assert_eq!(local(day * 86_400_000, 0), format!("{date} 00:00"));
        }
    }

    #[test]
    fn the_offset_moves_the_date_along() {
        assert_eq!(local(59_999, 0), "1970-01-01 00:00");
        assert_eq!(local(0, -30), "1969-12-31 23:30");
        assert_eq!(local(20 * 3_600_000, 7 * 60), "1970-01-02 03:00");
    }
}
