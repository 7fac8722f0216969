use std::process::ExitCode;

// A query that waits for upstream is a task of some 8 KiB, and libc's allocator takes and gives back blocks of that
// size slowly. It keeps libc's own symbols as they are.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    lachan::cli::run()
}
