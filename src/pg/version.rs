//! Server versions.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The major version of a PostgreSQL server, 14 to 18 supported.
///
/// ```
/// use pgrehearse::pg::ServerVersion;
/// let v = ServerVersion::from_num(170005);
/// assert_eq!(v.to_string(), "17");
/// assert!(v >= ServerVersion::V16);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServerVersion(u32);

impl ServerVersion {
    pub const V14: Self = Self(14);
    pub const V15: Self = Self(15);
    pub const V16: Self = Self(16);
    pub const V17: Self = Self(17);
    pub const V18: Self = Self(18);
    pub const SUPPORTED: [Self; 5] = [Self::V14, Self::V15, Self::V16, Self::V17, Self::V18];

    /// The major version of `server_version_num` (`170005` is 17.5).
    pub fn from_num(server_version_num: u32) -> Self {
        Self(server_version_num / 10_000)
    }

    pub fn from_major(major: u32) -> Self {
        Self(major)
    }

    pub fn major(self) -> u32 {
        self.0
    }

    pub fn is_supported(self) -> bool {
        Self::SUPPORTED.contains(&self)
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
