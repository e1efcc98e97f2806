//! Panics reach the host with message, file and line before the trap does.

use crate::bindings::wit::lapak::app::faults::{Panic, report_panic};

/// Called once, before anything of the app's runs.
pub(crate) fn report_to_host() {
    std::panic::set_hook(Box::new(|info| {
        let payload = info.payload();
        let message = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a panic without a message".to_owned());
        let location = info.location();
        report_panic(&Panic {
            message,
            file: location.map(|at| at.file().to_owned()).unwrap_or_default(),
            line: location.map_or(0, |at| at.line()),
            column: location.map_or(0, |at| at.column()),
        });
    }));
}
