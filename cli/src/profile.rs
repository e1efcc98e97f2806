//! Platform profiles, as the commands that run apps take them.

use std::path::Path;

use lapak_host::RuntimeConfig;
use lapak_host::profile::Profile;
use lapak_host::simulated::SimulatedDevices;

use crate::failure::Failure;
use crate::output;

/// Sets a host up as the profile in this file says; warns of what the profile speaks of and this program does not have.
pub(crate) fn set_up(
    file: &Path,
    config: &mut RuntimeConfig,
    devices: &SimulatedDevices,
) -> Result<(), Failure> {
    let profile = Profile::read(file).map_err(|error| Failure::app(error.to_string()))?;
    let notes = profile.set_up(config, devices);
    let notes = notes.map_err(|error| Failure::app(format!("{}: {error}", file.display())))?;
    for note in notes {
        output::note(&format!("warning: the profile {:?} {note}", profile.name()));
    }
    Ok(())
}
