//! The person's time zone: its name, and what to add to UTC there at any moment.

use jiff::tz::TimeZone;
use jiff::{Timestamp, tz};

/// The longest name of a zone, in bytes. Those of the IANA database have 32 at most.
const MAX_NAME_BYTES: usize = 64;

/// A zone of the IANA database, or none: then the clock's own counts. Holds the name alone; its rules are read once for the
/// whole process.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Zone(Option<Box<str>>);

impl Zone {
    /// The zone of this name; `None` if the database has none.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let zone = find(name)?;
        // As the database writes it.
        let name = zone.iana_name()?.into();
        Some(Self(Some(name)))
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// Minutes to add to UTC at this moment; `None` where no zone is known.
    pub(crate) fn offset_at(&self, unix_ms: u64) -> Option<i32> {
        offset_minutes(&find(self.name()?)?, unix_ms)
    }
}

/// The offset of a zone at a moment, in whole minutes; `None` after the year 9999.
pub(crate) fn offset_minutes(zone: &TimeZone, unix_ms: u64) -> Option<i32> {
    let moment = Timestamp::from_millisecond(i64::try_from(unix_ms).ok()?).ok()?;
    Some(zone.to_offset(moment).seconds().div_euclid(60))
}

fn find(name: &str) -> Option<TimeZone> {
    let written = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte);
    if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.bytes().all(written) {
        return None;
    }
    tz::db().get(name).ok()
}

#[cfg(test)]
mod tests {
    use super::Zone;

    /// 2026-01-15 and 2026-07-15, noon in UTC.
    const WINTER: u64 = 1_768_478_400_000;
    const SUMMER: u64 = 1_784_116_800_000;

    #[test]
    fn a_zone_has_its_summer_and_its_winter() {
        let berlin = Zone::named("Europe/Berlin").expect("a zone");
        assert_eq!(
            [WINTER, SUMMER].map(|at| berlin.offset_at(at)),
            [Some(60), Some(120)]
        );
        let jakarta = Zone::named("asia/jakarta").expect("a zone");
        assert_eq!(jakarta.name(), Some("Asia/Jakarta"));
        assert_eq!(
            [WINTER, SUMMER].map(|at| jakarta.offset_at(at)),
            [Some(420); 2]
        );
        let nepal = Zone::named("Asia/Kathmandu").expect("a zone");
        assert_eq!(nepal.offset_at(WINTER), Some(345));
        // The hour before and the hour after the clocks go forward: 2026-03-29 at one in UTC.
        let change = 1_774_746_000_000;
        assert_eq!(
            [change - 1, change].map(|at| berlin.offset_at(at)),
            [Some(60), Some(120)]
        );
        assert_eq!(berlin.offset_at(u64::MAX), None);
    }

    #[test]
    fn what_is_no_zone_is_none() {
        for name in [
            "",
            "Mars/Olympus",
            "../../etc/passwd",
            "/etc/localtime",
            "Europe/Berlin\0",
            &"a".repeat(100),
        ] {
            assert_eq!(Zone::named(name), None, "{name}");
        }
        assert_eq!(Zone::default().offset_at(WINTER), None);
    }
}
