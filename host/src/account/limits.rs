//! How much an account may have.

use super::{Cost, Holder};

/// How much one account may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Bytes held in memory.
    pub memory_bytes: usize,
    /// Bytes on disk, of what the host itself keeps there for sessions: their snapshots. What apps store has quotas of its own
    /// ([`Limits`](lapak_abi::limits::Limits)).
    pub disk_bytes: usize,
    /// Requests in flight.
    pub requests: usize,
    /// Sessions that cannot be frozen.
    pub residents: usize,
    /// Pieces of work on threads other than those that run guests.
    pub work: usize,
    /// Bytes of requests under way: values that were asked to be kept or sent, answers that were not taken.
    pub transit_bytes: usize,
}

/// How much accounts may have, by whose they are. A host can change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountLimits {
    /// A session's.
    pub session: Allowance,
    /// That of all sessions of an app.
    pub app: Allowance,
    /// That of all sessions of a person.
    pub person: Allowance,
    /// That of all sessions of one build of an app.
    pub package: Allowance,
    /// That of everybody together.
    pub host: Allowance,
}

const MIB: usize = 1 << 20;
const GIB: usize = 1 << 30;

impl Default for AccountLimits {
    /// For a machine with some gigabytes of memory. An app may serve as many people as the host does, but none of an app, a
    /// person and a package may have all of the memory or all of the other threads.
    fn default() -> Self {
        let app = Allowance {
            memory_bytes: GIB,
            disk_bytes: 16 * GIB,
            requests: 1 << 20,
            residents: 512,
            work: 256,
            transit_bytes: 256 * MIB,
        };
        Self {
            session: Allowance {
                memory_bytes: 160 * MIB,
                disk_bytes: 160 * MIB,
                requests: 64,
                residents: 1,
                work: 32,
                transit_bytes: 64 * MIB,
            },
            app,
            person: Allowance {
                memory_bytes: 512 * MIB,
                disk_bytes: 2 * GIB,
                requests: 1_024,
                residents: 64,
                work: 64,
                transit_bytes: 128 * MIB,
            },
            package: app,
            host: Allowance {
                memory_bytes: 4 * GIB,
                disk_bytes: 64 * GIB,
                requests: 4 << 20,
                residents: 2_048,
                work: 1_024,
                transit_bytes: GIB,
            },
        }
    }
}

impl AccountLimits {
    /// Accounts that count and refuse nothing: for measurements on a host of one's own.
    #[must_use]
    pub fn unlimited() -> Self {
        let all = Allowance {
            memory_bytes: usize::MAX,
            disk_bytes: usize::MAX,
            requests: usize::MAX,
            residents: usize::MAX,
            work: usize::MAX,
            transit_bytes: usize::MAX,
        };
        Self {
            session: all,
            app: all,
            person: all,
            package: all,
            host: all,
        }
    }

    /// What accounts of this kind may have.
    #[must_use]
    pub fn of(&self, holder: Holder) -> &Allowance {
        match holder {
            Holder::Session => &self.session,
            Holder::App => &self.app,
            Holder::Person => &self.person,
            Holder::Package => &self.package,
            Holder::Host => &self.host,
        }
    }
}

impl Allowance {
    /// How much of this.
    #[must_use]
    pub fn of(&self, cost: Cost) -> usize {
        match cost {
            Cost::Memory => self.memory_bytes,
            Cost::Disk => self.disk_bytes,
            Cost::Requests => self.requests,
            Cost::Residents => self.residents,
            Cost::Work => self.work,
            Cost::Transit => self.transit_bytes,
        }
    }
}
