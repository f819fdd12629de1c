//! At which message a run is struck.

use std::fmt;
use std::ops::Range;

/// Who is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Program,
    Server,
}

/// The message, from 1, among those that commit something: a statement outside of a transaction, or the last
/// of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aim {
    pub message: usize,
    pub side: Side,
    /// After: for how long it may work, in milliseconds; whom a build waits for goes with odd ones. Before: the
    /// statement of its transaction that does not reach the server, unless it has fewer.
    pub delay: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The message does not reach the server.
    Before,
    /// It does.
    After,
}

/// The message that was struck.
#[derive(Clone, Debug)]
pub struct Struck {
    pub aim: Aim,
    pub sql: String,
}

impl fmt::Display for Struck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { aim, sql } = self;
        let head: String = sql.chars().take(300).collect();
        write!(f, "{:?} message {}: {head}", aim.side, aim.message)
    }
}

/// The moments of a chain of runs, each of which begins where the one before was struck.
pub struct Aims {
    random: u64,
    how: How,
}

enum How {
    /// Every moment: one further, until something was committed.
    Every(usize, Side),
    Sample(Range<usize>),
    Once(Range<usize>),
    Never,
}

impl Aims {
    pub fn every(seed: &str) -> Self {
        Self::new(seed, How::Every(1, Side::Before))
    }

    pub fn sample(seed: &str, messages: Range<usize>) -> Self {
        Self::new(seed, How::Sample(messages))
    }

    pub fn once(seed: &str, messages: Range<usize>) -> Self {
        Self::new(seed, How::Once(messages))
    }

    pub fn none() -> Self {
        Self::new("", How::Never)
    }

    fn new(seed: &str, how: How) -> Self {
        let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        let random = seed.bytes().fold(0xcbf2_9ce4_8422_2325, mix);
        Self { random, how }
    }

    // splitmix64
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn next(&mut self) -> Option<Aim> {
        let (first, second, delay) = (self.random(), self.random(), self.random() % 16);
        let (message, side) = match &self.how {
            How::Never => return None,
            How::Every(message, side) => (*message, *side),
            How::Sample(range) | How::Once(range) => {
                let width = u64::try_from(range.len()).expect("a small range");
                let more = usize::try_from(first % width).expect("below it");
                let side = match second % 3 {
                    0 => Side::Before,
                    _ => Side::After,
                };
                (range.start + more, side)
            }
        };
        if matches!(self.how, How::Once(_)) {
            self.how = How::Never;
        }
        Some(Aim {
            message,
            side,
            delay,
        })
    }

    /// `progressed`: something was committed, so that the next run begins further on.
    pub fn after(&mut self, struck: &Struck, progressed: bool) {
        if let How::Every(message, side) = &mut self.how {
            let aim = struck.aim;
            (*message, *side) = match (progressed, aim.side) {
                // What comes before the first statement of a step was struck at the start of the chain.
                (true, _) => (2, Side::After),
                (false, Side::Before) => (aim.message, Side::After),
                (false, Side::After) => (aim.message + 1, Side::After),
            };
            // What is cut inside of a transaction is as if it had not begun: every third is enough.
            if aim.side == Side::After && aim.delay.is_multiple_of(3) {
                *side = Side::Before;
            }
        }
    }
}
