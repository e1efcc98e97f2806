//! The server carries its assets: it is built again when they change.

fn main() {
    println!("cargo::rerun-if-changed=assets");
}
