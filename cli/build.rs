//! The command carries the SDK's sources: it is built again when they change.

fn main() {
    for source in [
        "../Cargo.toml",
        "../guest-sdk/Cargo.toml",
        "../guest-sdk/src",
        "../abi/Cargo.toml",
        "../abi/src",
        "../abi/wit",
        "template",
    ] {
        println!("cargo::rerun-if-changed={source}");
    }
}
