//! `pgrehearse`: the arguments go to [`pgrehearse::cli::run`], which gives the exit code.

fn main() -> std::process::ExitCode {
    pgrehearse::cli::run()
}
