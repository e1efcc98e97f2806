//! A whole host: loads a package, launches the app for a person, taps a button, and prints what they see. The README
//! shows it; it wants `counter.ma` in the present folder.

use lapak_abi::package::{Package, PackageLimits};
use lapak_host::view::{InputValue, Trigger};
use lapak_host::{Launch, Runtime, RuntimeConfig, ShellEvent};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bytes = std::fs::read("counter.ma")?;
    let package = Package::read(bytes, &PackageLimits::default())?;
    let runtime = Runtime::new(RuntimeConfig::simulated())?;
    let app = runtime.load(package).await?;
    let session = runtime.launch(&app, Launch::new("ani"))?;
    session.settled().await;

    let tree = session.screen().tree;
    let node = tree.find("Add one", Trigger::Tap).ok_or("no such button")?;
    let (trigger, value) = (Trigger::Tap, InputValue::None);
    session.send(ShellEvent::Input {
        node,
        trigger,
        value,
    })?;
    session.settled().await;
    println!("{}", session.screen().tree.to_text());
    Ok(())
}
