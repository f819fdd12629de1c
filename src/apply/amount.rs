//! Times and sizes in messages.

use std::fmt;
use std::time::Duration;

/// `0.4 s`, `12 s`, `5 min`.
pub(super) struct Seconds(pub Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs() {
            0..=9 => write!(f, "{:.1} s", self.0.as_secs_f64()),
            seconds @ 10..=119 => write!(f, "{seconds} s"),
            seconds => write!(f, "{} min", seconds / 60),
        }
    }
}

/// `512 kB`, `3.4 MB`, `12 GB`, as PostgreSQL counts them.
pub(super) struct Bytes(pub u64);

impl fmt::Display for Bytes {
    #[allow(clippy::cast_precision_loss, reason = "two digits are shown")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [("TB", 40), ("GB", 30), ("MB", 20)];
        let unit = units.into_iter().find(|(_, shift)| self.0 >> shift > 0);
        match unit {
            Some((unit, shift)) => {
                let amount = self.0 as f64 / (1_u64 << shift) as f64;
                let digits = usize::from(amount < 10.0);
                write!(f, "{amount:.digits$} {unit}")
            }
            None => write!(f, "{} kB", self.0.div_ceil(1024)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_two_or_three_digits() {
        let bytes = |n| Bytes(n).to_string();
        assert_eq!(bytes(1), "1 kB");
        assert_eq!(bytes(3_600_000), "3.4 MB");
        assert_eq!(bytes(12 << 30), "12 GB");
        let seconds = |n| Seconds(Duration::from_millis(n)).to_string();
        assert_eq!(seconds(420), "0.4 s");
        assert_eq!(seconds(12_900), "12 s");
        assert_eq!(seconds(300_000), "5 min");
    }
}
