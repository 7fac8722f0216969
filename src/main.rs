use std::process::ExitCode;

fn main() -> ExitCode {
    lachan::cli::run()
}
