//! Timestamps of the API.

/// Unix seconds of an RFC 3339 time, as in `2026-01-31T23:59:59.5Z`; None where it is none.
///
/// *Source*: RFC 3339, section 5.6; days from the civil calendar after Hinnant.
pub(crate) fn unix_seconds(text: &str) -> Option<f64> {
    let (date, time) = text.split_once(['T', 't'])?;
    let mut date = date.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
    let zone_at = time.rfind(['Z', 'z', '+', '-'])?;
    let (clock, zone) = time.split_at(zone_at);
    let mut clock = clock.splitn(3, ':').map(str::parse::<f64>);
    let (hour, minute, second) = (
        clock.next()?.ok()?,
        clock.next()?.ok()?,
        clock.next()?.ok()?,
    );
    let offset_minutes = match zone {
        "Z" | "z" => 0.0,
        _ => {
            let (hours, minutes) = zone[1..].split_once(':')?;
            let size = hours.parse::<f64>().ok()? * 60.0 + minutes.parse::<f64>().ok()?;
            if zone.starts_with('-') { -size } else { size }
        }
    };
    let is_sound = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..=9999).contains(&year)
        && (0.0..24.0).contains(&hour)
        && (0.0..60.0).contains(&minute)
        && (0.0..61.0).contains(&second);
    is_sound.then(|| {
        let days = days_since_epoch(year, month, day) as f64;
        days * 86_400.0 + hour * 3600.0 + (minute - offset_minutes) * 60.0 + second
    })
}

fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    // Counting years from March puts the leap day last.
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::unix_seconds;

    #[test]
    fn times() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0.0),
            ("2000-02-29T12:00:00.25Z", 951_825_600.25),
            ("2026-01-31T23:59:59Z", 1_769_903_999.0),
            ("2026-02-01T01:59:59+02:00", 1_769_903_999.0),
            ("1969-12-31T23:59:59.5Z", -0.5),
        ] {
            assert_eq!(unix_seconds(text), Some(seconds), "{text}");
        }
        for text in [
            "",
            "2026-01-01",
            "2026-13-01T00:00:00Z",
            "2026-01-01T00:00:00",
            "T:Z-",
        ] {
            assert_eq!(unix_seconds(text), None, "{text}");
        }
    }
}
