//! What apps may use: the defaults, which a host can change.
//!
//! Past a limit the app or the shell gets a named error; nothing that was acknowledged is lost.

use std::time::Duration;

/// Limits of one session and of one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Linear memory of a session, in bytes.
    pub memory_bytes: usize,
    /// CPU time that one event of the shell's, or one finished request, may use while the app is in the foreground, with all
    /// page events that follow from it.
    pub foreground_cpu: Duration,
    /// The same while the app is in the background.
    pub background_cpu: Duration,
    /// Nodes of a view.
    pub view_nodes: usize,
    /// Depth of a view; a root has depth 1.
    pub view_depth: usize,
    /// Bytes of a view: its strings and numbers as the host holds them.
    pub view_bytes: usize,
    /// Pages on the stack.
    pub page_stack: usize,
    /// Data of one app for one person: keys and values, in bytes as they lie on disk. Each entry counts 64 bytes besides its key and
    /// value, and in whole pages of 4 KiB once that is more than 1,000 bytes.
    pub storage_total_bytes: usize,
    /// One stored value, in bytes.
    pub storage_value_bytes: usize,
    /// Keys of one app for one person.
    pub storage_keys: usize,
    /// What one app may write for one person in the long run, in bytes a second: into its storage, and into its files. Past it
    /// its writes wait. The least that a write counts as is 4 KiB.
    pub write_bytes_per_second: usize,
    /// What it may write at once before that, in bytes.
    pub write_burst_bytes: usize,
    /// Files of one app for one person, in bytes as they lie on disk: in whole pages of 4 KiB, of which each file and
    /// folder has at least one.
    pub files_total_bytes: usize,
    /// One file, in bytes.
    pub file_bytes: usize,
    /// Files and folders of one app for one person.
    pub files_entries: usize,
    /// Requests of a session in flight.
    pub requests_in_flight: usize,
    /// Events of the shell that may wait.
    pub mailbox_events: usize,
    /// Texts and URLs of the events that may wait, in bytes. One event is always taken where none waits.
    pub mailbox_bytes: usize,
    /// Page events that may follow from one event of the shell's, or from one finished request, however often the app navigates.
    pub caused_events: usize,
    /// URLs of the pages that an app may go to in the same, in bytes.
    pub caused_bytes: usize,
    /// Time that one event may wait for what the app called, by the wall clock. None of this host's functions waits: it is for a
    /// platform's own.
    pub event_wait: Duration,
    /// What a package may hold.
    pub package: PackageLimits,
}

/// What a package may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackageLimits {
    /// Size of the `.ma` file, in bytes.
    pub compressed_bytes: usize,
    /// All files after inflating, in bytes.
    pub unpacked_bytes: usize,
    /// Number of files, and of folders that are entries of their own.
    pub files: usize,
    /// All names together, each folder counted once, in bytes.
    pub names_bytes: usize,
    /// One file of text that the host reads (the manifest, `i18n/*.json`, style sheets), in bytes.
    pub text_bytes: usize,
    /// Number of languages in `i18n`.
    pub languages: usize,
}

const MIB: usize = 1 << 20;

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 64 * MIB,
            foreground_cpu: Duration::from_secs(2),
            background_cpu: Duration::from_millis(200),
            view_nodes: 10_000,
            view_depth: 64,
            view_bytes: MIB,
            page_stack: 10,
            storage_total_bytes: 10 * MIB,
            storage_value_bytes: MIB,
            storage_keys: 10_000,
            write_bytes_per_second: MIB,
            write_burst_bytes: 16 * MIB,
            files_total_bytes: 10 * MIB,
            file_bytes: MIB,
            files_entries: 1_000,
            requests_in_flight: 32,
            mailbox_events: 256,
            mailbox_bytes: 2 * MIB,
            caused_events: 256,
            caused_bytes: 256 * 1024,
            event_wait: Duration::from_secs(10),
            package: PackageLimits::default(),
        }
    }
}

impl Default for PackageLimits {
    fn default() -> Self {
        Self {
            compressed_bytes: 20 * MIB,
            unpacked_bytes: 64 * MIB,
            files: 4_096,
            names_bytes: MIB,
            text_bytes: MIB / 4,
            languages: 128,
        }
    }
}
