//! `make bench`, `make bench ONLY=event-warm`.

use lapak_benches::{Effort, run};

/// As in the command.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    if lapak_benches::serve()? {
        return Ok(());
    }
    // Cargo adds `--bench`.
    let only = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with("--"));
    run(only.as_deref(), Effort::full())
}
