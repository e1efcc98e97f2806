//! What the README says is so.

use std::path::Path;
use std::process::Command;

const README: &str = include_str!("../../README.md");

#[test]
fn the_programs_in_it_are_those_that_are_compiled_and_tested() {
    let counter = include_str!("../../examples/counter/src/lib.rs");
    let app = counter.split("#[cfg(test)]").next().unwrap_or_default();
    assert!(README.contains(app.trim()), "examples/counter/src/lib.rs");
    let embed = include_str!("../../host/examples/embed.rs");
    let (_, program) = embed
        .split_once("\n\n")
        .expect("a program after its comment");
    assert!(README.contains(program.trim()), "host/examples/embed.rs");
}

#[test]
fn its_links_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let links = README.split("](").skip(1);
    let images = README.split("src=\"").skip(1);
    let targets = links.filter_map(|rest| rest.split(')').next());
    let targets = targets.chain(images.filter_map(|rest| rest.split('"').next()));
    let targets: Vec<_> = targets.filter(|to| !to.starts_with("http")).collect();
    assert!(targets.len() > 8, "{targets:?}");
    for target in targets {
        assert!(root.join(target).exists(), "{target}");
    }
}

#[test]
fn it_names_every_command() {
    let help = Command::new(env!("CARGO_BIN_EXE_lapak"))
        .arg("--help")
        .output()
        .expect("lapak");
    let help = String::from_utf8(help.stdout).expect("text");
    let list = help
        .split("Commands:\n")
        .nth(1)
        .expect("a list of commands");
    let list = list.split("\n\n").next().unwrap_or_default();
    // Descriptions that go on in a second line stand further in.
    let names = list.lines().filter(|line| !line.starts_with("   "));
    let names: Vec<_> = names
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(names.contains(&"preview"), "{names:?}");
    for name in names.into_iter().filter(|name| *name != "help") {
        assert!(README.contains(&format!("| `lapak {name}")), "{name}");
    }
}

#[test]
fn its_limits_are_the_defaults() {
    let limits = lapak_abi::limits::Limits::default();
    let mib = |bytes: usize| format!("{} MiB", bytes >> 20);
    for row in [
        format!("| linear memory | {} |", mib(limits.memory_bytes)),
        format!(
            "| {} s / {} ms |",
            limits.foreground_cpu.as_secs(),
            limits.background_cpu.as_millis()
        ),
        format!(
            "| 10,000 / {} / {} |",
            limits.view_depth,
            mib(limits.view_bytes)
        ),
        format!("| page stack | {} |", limits.page_stack),
        format!(
            "| {} / {} / 4,096 |",
            mib(limits.package.compressed_bytes),
            mib(limits.package.unpacked_bytes)
        ),
        format!(
            "| {} / {} |",
            mib(limits.storage_total_bytes),
            mib(limits.storage_value_bytes)
        ),
        format!("| requests in flight | {} |", limits.requests_in_flight),
        format!("| events waiting | {} |", limits.mailbox_events),
    ] {
        assert!(README.contains(&row), "{row}");
    }
    assert_eq!((limits.view_nodes, limits.package.files), (10_000, 4_096));
}
