//! What ends a run between two statements or batches: a signal, a file, the time of day.

use super::{ApplyError, Options, Session, Stop};
use postgres::Client;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Tells a run from another thread that it is to stop.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl PartialEq for Interrupt {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Interrupt {}

/// What stops a run in a safe state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brake {
    pub interrupt: Interrupt,
    /// While this file exists, nothing begins.
    pub pause_file: Option<PathBuf>,
    /// Outside of it, nothing begins.
    pub window: Option<Window>,
}

/// A time of day, such as `22:00-04:30` or `02:00-05:00 Europe/Berlin`.
///
/// Without a zone it is in the server's. The end is not part of it; a window may go over midnight.
///
/// ```
/// use pgrehearse::apply::Window;
/// let window: Window = "22:00-04:30 Europe/Berlin".parse().unwrap();
/// assert_eq!(window.to_string(), "22:00-04:30 Europe/Berlin");
/// assert_eq!("02:00-05:00UTC".parse::<Window>().unwrap().to_string(), "02:00-05:00 UTC");
/// assert!("25:00-04:00".parse::<Window>().is_err());
/// assert!("04:00-04:00".parse::<Window>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    from: Time,
    to: Time,
    zone: Option<String>,
}

/// Hours, minutes, seconds of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Time(u8, u8, u8);

impl FromStr for Time {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let parts: Vec<u8> = text
            .split(':')
            .map(|part| part.parse().map_err(drop))
            .collect::<Result<_, ()>>()?;
        match *parts.as_slice() {
            [h, m] if h < 24 && m < 60 => Ok(Self(h, m, 0)),
            [h, m, s] if h < 24 && m < 60 && s < 60 => Ok(Self(h, m, s)),
            _ => Err(()),
        }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(hours, minutes, seconds) = self;
        write!(f, "{hours:02}:{minutes:02}")?;
        if *seconds > 0 {
            write!(f, ":{seconds:02}")?;
        }
        Ok(())
    }
}

impl FromStr for Window {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "\"{text}\" is no time of day, such as 02:00-05:00 or 22:00-04:30 Europe/Berlin"
            )
        };
        let (from, rest) = text.trim().split_once('-').ok_or_else(wrong)?;
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ':');
        let (to, zone) = rest.split_at(end.unwrap_or(rest.len()));
        let zone = zone.trim();
        let time = |text: &str| text.trim().parse::<Time>().map_err(|()| wrong());
        let window = Self {
            from: time(from)?,
            to: time(to)?,
            zone: (!zone.is_empty()).then(|| zone.to_owned()),
        };
        // +02 would be two hours west of Greenwich to the server.
        let is_name = window
            .zone
            .as_ref()
            .is_none_or(|zone| zone.starts_with(|c: char| c.is_ascii_alphabetic()));
        match is_name && window.from != window.to {
            true => Ok(window),
            false => Err(wrong()),
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from, self.to)?;
        match &self.zone {
            Some(zone) => write!(f, " {zone}"),
            None => Ok(()),
        }
    }
}

/// A window now, by the server's clock.
enum Look {
    Open(Duration),
    /// Until then, in its zone.
    Closed(String),
}

impl Window {
    fn look(&self, client: &mut Client) -> Result<Look, postgres::Error> {
        const QUERY: &str = "
            WITH here AS (
                SELECT COALESCE($3::pg_catalog.text, pg_catalog.current_setting('TimeZone')) AS zone
            ), clock AS (
                SELECT zone, pg_catalog.clock_timestamp() AT TIME ZONE zone AS at FROM here
            ), next AS (
                SELECT
                    zone,
                    at,
                    -- The next time that it is so late.
                    (SELECT pg_catalog.min(day + $1::pg_catalog.text::pg_catalog.time)
                     FROM pg_catalog.unnest(ARRAY[at::pg_catalog.date, at::pg_catalog.date + 1]) AS day
                     WHERE day + $1::pg_catalog.text::pg_catalog.time > at) AS opens,
                    (SELECT pg_catalog.min(day + $2::pg_catalog.text::pg_catalog.time)
                     FROM pg_catalog.unnest(ARRAY[at::pg_catalog.date, at::pg_catalog.date + 1]) AS day
                     WHERE day + $2::pg_catalog.text::pg_catalog.time > at) AS closes
                FROM clock
            )
            SELECT
                closes < opens,
                pg_catalog.date_part('epoch', closes AT TIME ZONE zone - pg_catalog.clock_timestamp()),
                pg_catalog.to_char(opens, 'YYYY-MM-DD HH24:MI') || ' ' || zone
            FROM next";
        let (from, to) = (self.from.to_string(), self.to.to_string());
        let row = client.query_one(QUERY, &[&from, &to, &self.zone])?;
        let left: f64 = row.get(1);
        Ok(match row.get(0) {
            true => Look::Open(Duration::from_secs_f64(left.max(0.0))),
            false => Look::Closed(row.get(2)),
        })
    }
}

/// Whether the next statement or batch may begin; else why not.
pub(super) fn check(
    session: &mut Session<'_>,
    options: &Options,
) -> Result<Option<Stop>, postgres::Error> {
    let brake = &options.brake;
    if brake.interrupt.is_set() {
        return Ok(Some(Stop::Interrupted));
    }
    if let Some(path) = brake.pause_file.as_ref().filter(|path| path.exists()) {
        return Ok(Some(Stop::Paused { file: path.clone() }));
    }
    let Some(window) = &brake.window else {
        return Ok(None);
    };
    if session.open_until.is_some_and(|end| Instant::now() < end) {
        return Ok(None);
    }
    Ok(match window.look(&mut session.client)? {
        Look::Open(left) => {
            session.open_until = Some(Instant::now() + left);
            None
        }
        Look::Closed(opens) => Some(Stop::Window {
            window: window.to_string(),
            opens,
        }),
    })
}

/// As [`check`], and an unknown zone is told as such.
pub(super) fn first_check(
    session: &mut Session<'_>,
    options: &Options,
) -> Result<Option<Stop>, ApplyError> {
    check(session, options).map_err(|source| match &options.brake.window {
        Some(Window {
            zone: Some(zone), ..
        }) if source.as_db_error().is_some() => ApplyError::TimeZone {
            zone: zone.clone(),
            source,
        },
        _ => ApplyError::ledger(source),
    })
}

/// Sleeps for `pause`; a run that is to stop does not sleep to its end.
pub(super) fn rest(pause: Duration, options: &Options) {
    const SLICE: Duration = Duration::from_millis(100);
    let end = Instant::now() + pause;
    while !options.brake.interrupt.is_set() {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        std::thread::sleep(left.min(SLICE));
    }
}
