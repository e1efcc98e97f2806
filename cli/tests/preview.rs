//! `lapak preview` while its sources change.

mod support;

use support::running::{Running, hear, tap};
use support::{counter_copy, root};

/// A mistake is told in the terminal and leaves the last good app; once it is mended, the open session shows the
/// newer app.
#[test]
fn a_change_of_the_sources_is_built_and_shown_in_the_open_session() {
    let app = counter_copy();
    let lib = app.path().join("src/lib.rs");
    let source = std::fs::read_to_string(&lib).expect("the source");
    let data = tempfile::tempdir().expect("a folder");
    let preview = Running::start(app.path(), data.path());
    preview.until_said("is ready");
    let session = preview.launch();
    assert!(preview.get(&session).contains("aria-label=\"Add one\""));

    let (mut socket, _) = preview.connect(&session);
    std::fs::write(&lib, source.replace("Counter(0)", "Counter(zero)")).expect("written");
    preview.until_said("cannot find value `zero`");
    let told = hear(&mut socket, "build-failed");
    let told = told["message"].as_str().expect("a message");
    assert!(told.contains("cannot find value `zero`"), "{told}");
    assert!(told.contains("src/lib.rs"), "{told}");
    assert!(preview.get(&session).contains("aria-label=\"Add one\""));

    std::fs::write(&lib, source.replace("\"Add one\"", "\"Add just one\"")).expect("written");
    preview.until_said("is ready");
    let shown = preview.get(&session);
    assert!(shown.contains("aria-label=\"Add just one\""), "{shown}");
}

/// Killed or told to stop, the open session goes on when the preview is started again.
#[test]
#[cfg(unix)]
fn an_open_session_outlives_the_server() {
    let data = tempfile::tempdir().expect("a folder");
    let counter = root().join("examples/counter");
    let preview = Running::start(&counter, data.path());
    preview.until_said("is ready");
    let session = preview.launch();
    let mut page = preview.connect(&session);
    assert!(tap(&mut page, 1, "Add one").contains("\"1\""));
    assert!(tap(&mut page, 2, "Add one").contains("\"2\""));
    preview.until_written();
    // SIGKILL, as `kill -9`.
    drop(preview);

    let preview = Running::start(&counter, data.path());
    assert!(preview.get(&session).contains(">2</span>"));
    let mut page = preview.connect(&session);
    assert!(tap(&mut page, 1, "Add one").contains("\"3\""));
    // At once: what was written last does not matter.
    assert_eq!(preview.terminate(), Some(0));

    let preview = Running::start(&counter, data.path());
    assert!(preview.get(&session).contains(">3</span>"));
    let mut page = preview.connect(&session);
    // The page has sent one event before.
    assert!(tap(&mut page, 2, "Add one").contains("\"4\""));
}

/// Folders and packages beside one another, each by its name; on this machine's own address unless told otherwise.
#[test]
fn several_apps_are_served_folders_and_packages() {
    let folder = tempfile::tempdir().expect("a folder");
    let package = folder.path().join("My Counter.ma");
    let built = std::process::Command::new(env!("CARGO_BIN_EXE_lapak"))
        .args(["build", "--out"])
        .arg(&package)
        .arg(root().join("examples/counter"))
        .output()
        .expect("lapak runs");
    assert!(built.status.success(), "{built:?}");
    let apps = [root().join("examples/counter"), package];
    let preview = Running::start_all(&apps, &folder.path().join("data"));
    assert!(
        preview.address.starts_with("127.0.0.1:"),
        "{}",
        preview.address
    );
    preview.until_said("is ready");
    preview.until_said("is ready");
    let home = preview.get("/");
    for name in ["counter", "my-counter"] {
        assert!(home.contains(&format!("href=\"/a/{name}\"")), "{home}");
        let session = preview.launch_named(name);
        let mut page = preview.connect(&session);
        assert!(tap(&mut page, 1, "Add one").contains("\"1\""));
    }
}

/// An app that was made by `lapak new`, far from this repository.
#[test]
fn a_new_app_is_served_anywhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = std::process::Command::new(env!("CARGO_BIN_EXE_lapak"))
        .args(["new", "shop"])
        .current_dir(folder.path())
        .output()
        .expect("lapak runs");
    assert!(made.status.success(), "{made:?}");
    let app = folder.path().join("shop");
    let preview = Running::start(&app, &folder.path().join("data"));
    preview.until_said("is ready");
    let session = preview.launch();
    let (_socket, page) = preview.connect(&session);
    assert!(
        page["html"].as_str().is_some_and(|html| !html.is_empty()),
        "{page}"
    );
}

/// Whatever the folder was before: nobody else reads what is kept in it, and one preview has it at a time.
#[test]
#[cfg(unix)]
fn a_data_folder_is_its_owners_alone_and_one_previews_at_a_time() {
    use std::os::unix::fs::PermissionsExt as _;

    let above = tempfile::tempdir().expect("a folder");
    let data = above.path().join("data");
    let set = |path: &std::path::Path, mode: u32| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(path, mode).expect("set");
    };
    // As `mkdir` and an older Lapak leave them.
    for folder in ["sessions", "bank"] {
        std::fs::create_dir_all(data.join(folder)).expect("made");
        set(&data.join(folder), 0o755);
    }
    set(&data, 0o755);
    for file in [
        "storage.sqlite",
        "bank/ledger.sqlite",
        "sessions/open.sqlite",
    ] {
        std::fs::write(data.join(file), b"").expect("written");
        set(&data.join(file), 0o644);
    }
    let counter = root().join("examples/counter");
    let preview = Running::start(&counter, &data);
    preview.until_said("is ready");
    preview.launch();
    let mut looked = 0;
    let mut folders = vec![data.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let found = path.metadata().expect("there");
            assert_eq!(found.permissions().mode() & 0o077, 0, "{}", path.display());
            looked += 1;
            if found.is_dir() {
                folders.push(path);
            }
        }
    }
    assert!(looked > 10, "{looked}");

    let second = |data: &std::path::Path| {
        let lapak = std::process::Command::new(env!("CARGO_BIN_EXE_lapak"))
            .args(["preview", "--port", "0", "--data"])
            .arg(data)
            .arg(&counter)
            .output();
        let lapak = lapak.expect("lapak runs");
        assert_eq!(lapak.status.code(), Some(4), "{lapak:?}");
        String::from_utf8_lossy(&lapak.stderr).into_owned()
    };
    let said = second(&data);
    for part in ["in use by another process", "with --data"] {
        assert!(said.contains(part), "{part} in {said}");
    }
    drop(preview);
    // Who may write there may put anything there.
    set(&data, 0o777);
    let said = second(&data);
    assert!(said.contains("chmod go-w"), "{said}");
    set(&data, 0o700);
    std::os::unix::fs::symlink("/etc/passwd", data.join("bank/audit.sqlite-journal"))
        .expect("a link");
    let said = second(&data);
    assert!(
        said.contains("is a link") && said.contains("--data"),
        "{said}"
    );
}

/// What a package says does not command the terminal of whoever shows it.
#[test]
fn what_an_app_writes_comes_out_printable() {
    let app = counter_copy();
    // As CSS escapes them, which a warning about the property writes out.
    let css = r".a { \1b\5b 2Jx: red; } .a { \9b y: red; \202e z: red; }";
    std::fs::write(app.path().join("app.css"), css).expect("written");
    let data = tempfile::tempdir().expect("a folder");
    let preview = Running::start(app.path(), data.path());
    let mut said = Vec::new();
    loop {
        let line = preview.until_said("");
        let ready = line.contains("is ready");
        said.push(line);
        if ready {
            break;
        }
    }
    let said = said.join("\n");
    assert!(
        said.contains("warning:") && said.contains("\\u{1b}"),
        "{said}"
    );
    assert!(
        !said.contains(|c: char| c.is_control() && c != '\n'),
        "{said:?}"
    );
}

/// A proxy's fault is told by the doctor, with its cure.
#[test]
fn the_doctor_looks_at_a_server() {
    let data = tempfile::tempdir().expect("a folder");
    let preview = Running::start(&root().join("examples/counter"), data.path());
    let doctor = |url: &str| {
        let lapak = std::process::Command::new(env!("CARGO_BIN_EXE_lapak"))
            .args(["doctor", "--server", url])
            .output();
        let lapak = lapak.expect("lapak runs");
        let text = String::from_utf8_lossy(&lapak.stdout).into_owned();
        (lapak.status.code(), text)
    };
    let (code, said) = doctor(&format!("http://{}/", preview.address));
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("may connect"), "{said}");
    let (code, said) = doctor("http://127.0.0.1:1");
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("Is it started"), "{said}");
    // A proxy that asks under a name of its own.
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let there = proxy.local_addr().expect("an address");
    let to = preview.address.clone();
    std::thread::spawn(move || {
        for client in proxy.incoming().take(1) {
            let _ = pass_on(client.expect("a client"), &to);
        }
    });
    let (code, said) = doctor(&format!("http://{there}"));
    assert_eq!(code, Some(4), "{said}");
    for part in [
        "app_backend",
        "--host-name app_backend",
        "proxy_set_header Host",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

/// One request and its answer, under another name.
fn pass_on(mut client: std::net::TcpStream, to: &str) -> std::io::Result<()> {
    use std::io::{Read as _, Write as _};

    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && client.read(&mut byte)? == 1 {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head);
    let lines = head.lines().map(
        |line| match line.to_ascii_lowercase().starts_with("host:") {
            true => "Host: app_backend\r\nConnection: close".to_owned(),
            false => line.to_owned(),
        },
    );
    let request: Vec<_> = lines.collect();
    let mut server = std::net::TcpStream::connect(to)?;
    server.write_all(format!("{}\r\n", request.join("\r\n")).as_bytes())?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    client.write_all(&answer)
}
