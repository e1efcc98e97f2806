//! Calls to `bluetooth`. What they are about: steps, done one after the other, each when the last has finished:
//! `discover,connect,unlock.B-17,read`. At `rest` they wait for the next tap.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};

use super::{Room, outcome};
use crate::lapak::app::bluetooth::{
    Error, connect, disconnect, discover, read, stop, take_devices, take_done, take_value, watch,
    write,
};

pub(super) const ROOM: Room = Room {
    prefix: "call-bluetooth-",
    every,
    call,
    finished,
};

const SERVICE: &str = "6c6f636b-0000-4000-8000-6c6170616b00";
const STATE: &str = "6c6f636b-0001-4000-8000-6c6170616b00";
const COMMAND: &str = "6c6f636b-0002-4000-8000-6c6170616b00";
const OTHER: &str = "0000180f-0000-1000-8000-00805f9b34fb";
const NOBODY: u32 = 4_000_000_000;

thread_local! {
    static STEPS: RefCell<Steps> = RefCell::default();
}

#[derive(Default)]
struct Steps {
    left: VecDeque<String>,
    device: String,
    begun: BTreeMap<u32, String>,
}

fn every() -> Vec<(&'static str, String)> {
    let nothing = "nobody";
    vec![
        (
            "bluetooth.discover",
            outcome(discover(&[SERVICE.into()], 10)),
        ),
        ("bluetooth.take-devices", outcome(take_devices(NOBODY))),
        ("bluetooth.connect", outcome(connect(nothing))),
        ("bluetooth.disconnect", outcome(disconnect(nothing))),
        ("bluetooth.read", outcome(read(nothing, SERVICE, STATE))),
        (
            "bluetooth.write",
            outcome(write(nothing, SERVICE, COMMAND, &[0])),
        ),
        ("bluetooth.watch", outcome(watch(nothing, SERVICE, STATE))),
        ("bluetooth.stop", outcome(stop(NOBODY))),
        ("bluetooth.take-done", outcome(take_done(NOBODY))),
        ("bluetooth.take-value", outcome(take_value(NOBODY))),
    ]
}

fn call(action: &str, with: &str) -> String {
    match action {
        "call-bluetooth-steps" => STEPS.with_borrow_mut(|steps| {
            if steps.left.is_empty() {
                steps.left = with.split(',').map(str::to_owned).collect();
            }
            steps.go_on()
        }),
        "call-bluetooth-wild" => {
            let long = "0".repeat(1 << 20);
            let many = vec![SERVICE.to_owned(); 9];
            [
                outcome(discover(&[], 1)),
                outcome(discover(&many, 1)),
                outcome(discover(std::slice::from_ref(&long), 1)),
                outcome(discover(&[SERVICE.to_uppercase()], 1)),
                outcome(connect(&long)),
                outcome(disconnect("")),
                outcome(read("", &long, "")),
                outcome(write("", SERVICE, COMMAND, &vec![0; 1 << 20])),
                outcome(watch("\0", SERVICE, STATE)),
            ]
            .join("\n")
        }
        "call-bluetooth-flood" => {
            let services = [SERVICE.to_owned()];
            let refused = (0..100).filter(|_| discover(&services, u32::MAX).is_err());
            format!("refused={}", refused.count())
        }
        "call-bluetooth-foreign" => {
            let taken = (0..10_000).filter(|id| {
                take_devices(*id).is_ok()
                    || take_done(*id).is_ok()
                    || take_value(*id).is_ok()
                    || stop(*id).is_ok()
            });
            format!("taken={}", taken.count())
        }
        _ => "no such call".into(),
    }
}

fn finished(_: &str, request: u32) -> String {
    STEPS.with_borrow_mut(|steps| {
        let Some(step) = steps.begun.get(&request).cloned() else {
            return "of no step".into();
        };
        let done = steps.finished(&step, request);
        let line = format!("{step}={done}");
        let next = match &*step {
            "watch" => String::new(),
            _ => steps.go_on(),
        };
        match next.is_empty() {
            true => line,
            false => format!("{line}\n{next}"),
        }
    })
}

impl Steps {
    /// Does steps until one takes time.
    fn go_on(&mut self) -> String {
        let mut lines = Vec::new();
        while let Some(step) = self.left.pop_front() {
            let (name, about) = step.split_once('.').unwrap_or((&step, ""));
            let device = self.device.clone();
            let begun = match name {
                "discover" => discover(&[SERVICE.into()], 10),
                "connect" => connect(&device),
                "read" => read(&device, SERVICE, STATE),
                "read-other" => read(&device, OTHER, STATE),
                "read-command" => read(&device, SERVICE, COMMAND),
                "unlock" => {
                    let command = [&[1], about.as_bytes()].concat();
                    write(&device, SERVICE, COMMAND, &command)
                }
                "lock" => write(&device, SERVICE, COMMAND, &[0]),
                "long" => write(&device, SERVICE, COMMAND, &[7; 513]),
                "watch" => watch(&device, SERVICE, STATE),
                "toggle" => {
                    // None of them awaited: they arrive in order.
                    let unlock = [&[1], about.as_bytes()].concat();
                    for _ in 0..5 {
                        let _ = write(&device, SERVICE, COMMAND, &unlock);
                        let _ = write(&device, SERVICE, COMMAND, &[0]);
                    }
                    continue;
                }
                "stop" => {
                    let watches = self.begun.iter().filter(|(_, step)| *step == "watch");
                    let ids: Vec<u32> = watches.map(|(id, _)| *id).collect();
                    lines.extend(ids.iter().map(|id| format!("stop={}", outcome(stop(*id)))));
                    continue;
                }
                "disconnect" => {
                    lines.push(format!("disconnect={}", outcome(disconnect(&device))));
                    continue;
                }
                "rest" => break,
                _ => Err(Error::Invalid),
            };
            match begun {
                Err(error) => lines.push(format!("{step}={error:?}")),
                Ok(request) => {
                    self.begun.insert(request, name.to_owned());
                    if name != "watch" {
                        break;
                    }
                }
            }
        }
        lines.join("\n")
    }

    fn finished(&mut self, step: &str, request: u32) -> String {
        match step {
            "discover" => match take_devices(request) {
                Ok(devices) => {
                    let first = devices.first();
                    self.device = first.map(|one| one.id.clone()).unwrap_or_default();
                    let names: Vec<_> = devices.iter().map(|one| &*one.name).collect();
                    format!("{} {}", names.join("+"), self.device)
                }
                Err(error) => format!("{error:?}"),
            },
            "connect" | "unlock" | "lock" => outcome(take_done(request)),
            _ => format!("{:?}", take_value(request)),
        }
    }
}
