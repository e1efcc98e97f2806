//! The guest's allocator: the standard one, which wipes what is given back.
//!
//! A frozen session is kept as the bytes in which its memory differs from that of an app just launched. What was freed
//! would be among them, since no allocator clears it: every view that was ever built. Wiped, it costs nothing; and what a
//! person typed is gone from memory when the app has dropped it.
#![expect(
    unsafe_code,
    reason = "an allocator is an unsafe trait; this one hands everything to the standard one, with the arguments it was given"
)]

use std::alloc::{GlobalAlloc, Layout, System};

struct Wiping;

// SAFETY: all memory comes from `System` and goes back to it with the layout it came with. `realloc` is left to the
// trait, whose own takes a new block, copies and gives back the old one through `dealloc`.
unsafe impl GlobalAlloc for Wiping {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block is the caller's to give back, of this layout, and nobody else looks at it any more.
        unsafe {
            block.write_bytes(0, layout.size());
            System.dealloc(block, layout);
        }
    }
}

#[global_allocator]
static ALLOCATOR: Wiping = Wiping;
