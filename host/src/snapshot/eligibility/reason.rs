//! What keeps an app from being frozen, in sentences for its author.

/// Why an app's linear memory is not all of its state between two events, or could not be shown to be. Each
/// reads on from "the app …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// It cannot be read, or is no component.
    #[error("is damaged: {0}")]
    Damaged(String),
    /// It uses something that is not among the features whose state is known to lie in memory.
    #[error("uses a feature of WebAssembly that snapshots do not cover: {0}")]
    Unsupported(String),
    /// There is nothing to save its state in.
    #[error("has no linear memory")]
    NoMemory,
    /// Only one memory is saved.
    #[error("has {0} linear memories: only one would be saved")]
    ManyMemories(usize),
    /// The memory is addressed with 64 bits.
    #[error("has a 64-bit memory: only 32-bit memories are saved")]
    Memory64,
    /// The memory is shared between threads.
    #[error("shares its memory between threads")]
    SharedMemory,
    /// The memory's pages are not of 64 KiB.
    #[error("has a memory with pages of an unusual size")]
    PageSize,
    /// A global that keeps a value outside memory.
    #[error("keeps a mutable global `{0}` besides the stack pointer: its value would be lost")]
    MutableGlobal(String),
    /// Another module can move the stack pointer.
    #[error(
        "exports its stack pointer `{0}`: other modules can change it, and its value would be lost"
    )]
    ExportedStackPointer(String),
    /// Code that changes a table of functions.
    #[error(
        "changes a table of functions while it runs (`{instruction}` in `{function}`): the change would be lost"
    )]
    TableChanges {
        /// As the text format calls it.
        instruction: &'static str,
        /// The first function that has it.
        function: String,
    },
    /// Code that uses up data or element segments.
    #[error(
        "uses segments while it runs (`{instruction}` in `{function}`): which are used up would be lost"
    )]
    Segments {
        /// As the text format calls it.
        instruction: &'static str,
        /// The first function that has it.
        function: String,
    },
    /// Values that are not bytes.
    #[error("keeps references that are not functions in a {0}: they cannot be saved")]
    References(&'static str),
    /// A proposal whose state does not lie in memory, or is not known to.
    #[error("uses the WebAssembly proposal `{0}`, which snapshots do not cover")]
    Proposal(&'static str),
    /// What runs when it is instantiated may call the host, or other modules.
    #[error(
        "has a start function that calls outside its own module, so that no two starts need be the same"
    )]
    Start,
    /// The host's calls do not go straight to the module with the stack pointer.
    #[error(
        "answers the host from `{0}`, which lies outside the module that holds its stack pointer"
    )]
    EntryElsewhere(String),
    /// Resource types, by name: handles of them are state of the host.
    #[error("uses resources ({}): which of them it holds would be lost", some(.0))]
    Resources(Vec<String>),
    /// Interfaces of WASI, by name: their state is the host's.
    #[error("imports WASI ({}), whose state lies outside its memory", some(.0))]
    Wasi(Vec<String>),
    /// Calls that go on between events.
    #[error("uses asynchronous component functions ({0}): what is under way would be lost")]
    Async(&'static str),
    /// Modules or components that come from elsewhere.
    #[error("runs code that is not its own: it imports the {0} `{1}`")]
    ForeignCode(&'static str, String),
    /// Code in nested components.
    #[error("is composed of several components with code of their own: only a single one is saved")]
    NestedCode,
    /// The component's own start section.
    #[error("has a start section in its component, which calls it before the first event")]
    ComponentStart,
}

/// The most names that a sentence lists.
const MOST_NAMES: usize = 3;

/// The first names of a list, and how many more there are.
fn some(names: &[String]) -> String {
    let listed = names.get(..MOST_NAMES).unwrap_or(names).join(", ");
    match names.len().saturating_sub(MOST_NAMES) {
        0 => listed,
        more => format!("{listed} and {more} more"),
    }
}
