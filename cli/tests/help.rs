//! Every command says what it does and shows how it is used.

use std::process::Command;

#[test]
fn every_command_has_examples() {
    let mut seen = Vec::new();
    look_at(&mut Vec::new(), &mut seen);
    for command in ["new", "preview", "ledger verify", "merchant sign"] {
        assert!(
            seen.iter().any(|one| one == command),
            "{command} in {seen:?}"
        );
    }
}

/// Looks at a command, and at those below it.
fn look_at(path: &mut Vec<String>, seen: &mut Vec<String>) {
    let output = Command::new(env!("CARGO_BIN_EXE_lapak"))
        .args(path.iter())
        .arg("--help")
        .output()
        .expect("lapak runs");
    let told = String::from_utf8(output.stdout).expect("text");
    let name = path.join(" ");
    assert!(output.status.success(), "lapak {name} --help");
    assert!(told.contains("Examples:"), "lapak {name} --help:\n{told}");
    let example = format!("lapak {name}");
    assert!(
        told.lines().any(|line| line.contains(example.trim())),
        "no example has {example:?}:\n{told}"
    );
    seen.push(name);
    for command in below(&told) {
        path.push(command);
        look_at(path, seen);
        path.pop();
    }
}

/// The commands that a help text lists, but for `help` itself.
fn below(told: &str) -> Vec<String> {
    let lines = told.lines().skip_while(|line| *line != "Commands:").skip(1);
    // Wrapped texts are set in further.
    let lines = lines.take_while(|line| !line.is_empty());
    let named = lines.filter_map(|line| line.strip_prefix("  "));
    let names = named.filter(|line| !line.starts_with(' '));
    let names = names.filter_map(|line| line.split_whitespace().next());
    let names = names.filter(|name| *name != "help");
    names.map(str::to_owned).collect()
}
