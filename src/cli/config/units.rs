//! Durations and sizes as people write them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A length of time: `100ms`, `5s`, `10m`, `24h`, `7d`, or `0`.
///
/// ```
/// use pgrehearse::cli::config::Interval;
/// use std::time::Duration;
/// let wait: Interval = "7d".parse().unwrap();
/// assert_eq!(wait.as_duration(), Duration::from_secs(7 * 86_400));
/// assert_eq!("90s".parse::<Interval>().unwrap().to_string(), "90s");
/// assert_eq!("24h".parse::<Interval>().unwrap().to_string(), "1d");
/// assert!("5".parse::<Interval>().is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval {
    milliseconds: u64,
}

const INTERVAL_UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

impl Interval {
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self { milliseconds }
    }

    pub const fn as_duration(self) -> Duration {
        Duration::from_millis(self.milliseconds)
    }

    pub const fn as_millis(self) -> u64 {
        self.milliseconds
    }
}

impl FromStr for Interval {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let milliseconds = parse(
            text,
            &INTERVAL_UNITS,
            "a duration, such as 100ms, 5s, 10m, 24h or 7d",
        )?;
        Ok(Self { milliseconds })
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        display(self.milliseconds, &INTERVAL_UNITS, f)
    }
}

/// A number of bytes: `512kB`, `10MB`, `2GB`, with 1 kB = 1024 bytes as PostgreSQL counts, or `0`.
///
/// ```
/// use pgrehearse::cli::config::Size;
/// let size: Size = "10MB".parse().unwrap();
/// assert_eq!(size.bytes(), 10 << 20);
/// assert_eq!(size.to_string(), "10MB");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size {
    bytes: u64,
}

const SIZE_UNITS: [(&str, u64); 5] = [
    ("TB", 1 << 40),
    ("GB", 1 << 30),
    ("MB", 1 << 20),
    ("kB", 1 << 10),
    ("B", 1),
];

impl Size {
    pub const fn from_bytes(bytes: u64) -> Self {
        Self { bytes }
    }

    pub const fn bytes(self) -> u64 {
        self.bytes
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = parse(text, &SIZE_UNITS, "a size, such as 512kB, 10MB or 2GB")?;
        Ok(Self { bytes })
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        display(self.bytes, &SIZE_UNITS, f)
    }
}

/// How far behind a replica may be: a duration, or a size of WAL.
///
/// ```
/// use pgrehearse::cli::config::Lag;
/// assert_eq!("10s".parse::<Lag>().unwrap().to_string(), "10s");
/// assert_eq!("64MB".parse::<Lag>().unwrap().to_string(), "64MB");
/// assert!("10".parse::<Lag>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lag {
    Time(Interval),
    Wal(Size),
}

impl Default for Lag {
    fn default() -> Self {
        Self::Time(Interval::default())
    }
}

impl FromStr for Lag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let time = text.parse().map(Self::Time);
        time.or_else(|_: String| text.parse().map(Self::Wal))
            .map_err(|_: String| "a duration or a size, such as 10s or 64MB".to_owned())
    }
}

impl fmt::Display for Lag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(time) => time.fmt(f),
            Self::Wal(size) => size.fmt(f),
        }
    }
}

fn parse(text: &str, units: &[(&str, u64)], expected: &str) -> Result<u64, String> {
    let text = text.trim();
    if text == "0" {
        return Ok(0);
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim_start();
    let factor = units
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(unit));
    factor
        .and_then(|(_, factor)| number.parse::<u64>().ok()?.checked_mul(*factor))
        .ok_or_else(|| expected.to_owned())
}

fn display(amount: u64, units: &[(&str, u64)], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match units
        .iter()
        .find(|(_, factor)| amount.is_multiple_of(*factor))
    {
        Some((unit, factor)) if amount > 0 => write!(f, "{}{unit}", amount / factor),
        _ => f.write_str("0"),
    }
}
