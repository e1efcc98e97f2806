//! How the simulated device is in the beginning where an app's sources say so: `device.json` beside the manifest, a list of the
//! lines that set a part of it.

use std::path::Path;

use lapak_abi::json::JsonLimits;
use lapak_host::simulated::SimulatedDevices;

use crate::failure::Failure;

const FILE: &str = "device.json";

/// Adds the lines of an app's folder, if it has any.
pub(crate) fn begin_with(folder: &Path, devices: &SimulatedDevices) -> Result<(), Failure> {
    let file = folder.join(FILE);
    let wrong = |what: String| Failure::app(format!("{}: {what}", file.display()));
    let text = match lapak_abi::file::read_text(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(wrong(error.to_string())),
    };
    let lines: Vec<String> = lapak_abi::json::read(text.as_bytes(), JsonLimits::default())
        .map_err(|error| {
            wrong(format!(
                "{error}. It is a list of lines like \"location -6.2 106.8\""
            ))
        })?;
    // On a device that nobody holds: a line that is wrong is told now, and not to the first who comes.
    let tried = SimulatedDevices::default();
    for line in &lines {
        let set = tried.set("nobody", line);
        set.map_err(|error| wrong(format!("{line:?}: {error}")))?;
    }
    devices.begin_with(lines);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(FILE), text).expect("written");
        folder
    }

    #[test]
    fn lines_are_those_of_all_apps_in_their_order() {
        let devices = SimulatedDevices::default();
        for text in [r#"["location 1 2", "battery 7"]"#, r#"["location 3 4"]"#] {
            begin_with(folder(text).path(), &devices).expect("read");
        }
        let nothing = tempfile::tempdir().expect("a folder");
        begin_with(nothing.path(), &devices).expect("no file is no fault");
        devices.begin("ani");
        assert_eq!(devices.shown("ani")["location"]["latitude"], 3.0);
        assert_eq!(devices.shown("ani")["battery"]["percent"], 7);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, told) in [
            ("{}", "a list of lines"),
            (r#"["toaster on"]"#, "toaster"),
            (r#"["location 91 0"]"#, "location 91 0"),
        ] {
            let devices = SimulatedDevices::default();
            let refused = begin_with(folder(text).path(), &devices).expect_err(text);
            let refused = refused.to_string();
            assert!(
                refused.contains(FILE) && refused.contains(told),
                "{refused}"
            );
        }
    }
}
