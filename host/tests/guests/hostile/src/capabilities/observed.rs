//! Calls to capabilities of one value at a time, all of which have the same four functions.

/// The calls to one of them.
macro_rules! observed {
    ($name:ident, $stem:literal) => {
        pub(super) mod $name {
            use crate::capabilities::{Room, outcome};
            use crate::lapak::app::$name::{now, stop, take, watch};

            pub(in crate::capabilities) const ROOM: Room = Room {
                prefix: concat!("call-", $stem, "-"),
                every,
                call,
                finished: |_, request| format!("{:?}", take(request)),
            };

            fn every() -> Vec<(&'static str, String)> {
                let stopped = watch().inspect(|id| _ = stop(*id));
                vec![
                    (concat!($stem, ".now"), outcome(now())),
                    (concat!($stem, ".watch"), outcome(stopped)),
                    (concat!($stem, ".take"), outcome(take(4_000_000_000))),
                    (concat!($stem, ".stop"), outcome(stop(4_000_000_000))),
                ]
            }

            fn call(action: &str, _with: &str) -> String {
                match action.trim_start_matches(ROOM.prefix) {
                    "now" => format!("{:?}", now()),
                    "watch" => format!("{:?}", watch()),
                    "flood" => {
                        let read = (0..10_000).filter(|_| now().is_ok()).count();
                        let refused = (0..100).filter(|_| watch().is_err()).count();
                        format!("read={read} refused={refused}")
                    }
                    "foreign" => {
                        let taken = (0..10_000).filter(|id| take(*id).is_ok() || stop(*id).is_ok());
                        format!("taken={}", taken.count())
                    }
                    "after-stop" => match watch().and_then(|id| stop(id).map(|()| id)) {
                        Ok(id) => format!("{:?} {:?}", take(id), stop(id)),
                        Err(error) => format!("{error:?}"),
                    },
                    _ => "no such call".into(),
                }
            }
        }
    };
}

observed!(battery, "battery");
observed!(network, "network");
observed!(device, "device");
