//! The simulated device of a session's person, as the inspector shows and sets it.

use lapak_host::Session;
use lapak_host::simulated::SimulatedDevices;
use serde_json::{Value, json};

/// The longest line, in bytes.
const MAX_LINE_BYTES: usize = 16 * 1024;

/// Sets a part of the person's device, if there is a line to set it by, and tells how the device is then. Where real devices
/// stand behind the capabilities there is nothing to set.
pub(super) fn set(
    devices: Option<&SimulatedDevices>,
    session: &Session,
    line: Option<&str>,
) -> Value {
    let Some(devices) = devices else {
        return json!({ "t": "device", "parts": null, "error": null });
    };
    let person = &session.owner().person;
    let set = match line {
        None => Ok(()),
        Some(line) if line.len() > MAX_LINE_BYTES => {
            Err(format!("a line has at most {MAX_LINE_BYTES} bytes"))
        }
        Some(line) => devices.set(person, line),
    };
    json!({ "t": "device", "parts": devices.shown(person), "error": set.err() })
}
