//! Faults that must end the session, and only that session.

use crate::lapak::app::faults::{Panic, report_panic};

pub(crate) fn fault(action: &str) {
    match action {
        "spin" => spin(),
        "eat-memory" => eat_memory(),
        "overflow-stack" => {
            std::hint::black_box(overflow_stack(0));
        }
        "panic" => {
            report_panic(&Panic {
                message: "the basket is on fire".into(),
                file: "src/basket.rs".into(),
                line: 12,
                column: 5,
            });
            core::arch::wasm_trap();
        }
        "panic-huge" => {
            report_panic(&Panic {
                message: "x".repeat(1 << 20),
                file: "y".repeat(1 << 20),
                line: u32::MAX,
                column: u32::MAX,
            });
            core::arch::wasm_trap();
        }
        "trap" => core::arch::wasm_trap(),
        // No fault by itself: 8 MiB more at each call, full of ones, for good.
        "grow" => std::mem::forget(std::hint::black_box(vec![1_u8; 8 << 20])),
        "divide" => {
            std::hint::black_box(1_i32 / std::hint::black_box(0));
        }
        "out-of-bounds" => out_of_bounds(),
        _ => {}
    }
}

fn spin() {
    let mut turns = 0_u64;
    loop {
        turns = std::hint::black_box(turns.wrapping_add(1));
    }
}

fn eat_memory() {
    let mut kept = Vec::new();
    loop {
        kept.push(vec![1_u8; 1 << 20]);
        std::hint::black_box(&kept);
    }
}

#[expect(unconditional_recursion, reason = "that is the point")]
fn overflow_stack(depth: u64) -> u64 {
    // No array on the shadow stack: it is the call stack that shall overflow.
    std::hint::black_box(overflow_stack(std::hint::black_box(depth + 1)) + 1)
}

/// Reads past the end of linear memory.
fn out_of_bounds() {
    let end = usize::MAX - 64;
    // SAFETY: none; WebAssembly must trap here.
    let byte = unsafe { std::ptr::read_volatile(end as *const u8) };
    std::hint::black_box(byte);
}

/// `unreachable` in WebAssembly; natively this crate is only type-checked.
mod core {
    pub(super) mod arch {
        pub(crate) fn wasm_trap() -> ! {
            #[cfg(target_arch = "wasm32")]
            ::core::arch::wasm32::unreachable();
            #[cfg(not(target_arch = "wasm32"))]
            std::process::abort();
        }
    }
}
