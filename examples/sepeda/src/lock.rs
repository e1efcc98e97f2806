//! The bicycle's lock, over Bluetooth: found by its name, commanded, and heard.

use lapak_sdk::Following;
use lapak_sdk::bluetooth::{self, Error};
use lapak_sdk::prelude::*;

use crate::fleet::Bicycle;
use crate::{Msg, Sepeda};

/// The lock's service.
pub(crate) const SERVICE: &str = "6c6f636b-0000-4000-8000-6c6170616b00";
/// Its state, to be read and watched: one byte, 0 locked, 1 unlocked.
pub(crate) const STATE: &str = "6c6f636b-0001-4000-8000-6c6170616b00";
/// Takes commands: the byte 0 locks, the byte 1 followed by the lock's code unlocks.
pub(crate) const COMMAND: &str = "6c6f636b-0002-4000-8000-6c6170616b00";

const LOCKED: &[u8] = &[0];
const UNLOCKED: &[u8] = &[1];
/// How long the lock is looked for.
const PATIENCE_MS: u32 = 5_000;

/// The lock that the app deals with.
#[derive(Debug, Default)]
pub(crate) struct Lock {
    pub(crate) stage: Stage,
    /// What is wanted of which lock.
    errand: Option<(Bicycle, Errand)>,
    link: Option<Link>,
    trouble: Option<(Bicycle, Trouble)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stage {
    #[default]
    Idle,
    /// It is looked for, and connected to.
    Reaching,
    /// It was told what to do.
    Turning,
}

/// What is wanted of the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Errand {
    Open,
    Close,
    /// To hear of it, as the ride is on since an earlier session.
    Listen,
}

/// A connected lock that is listened to.
#[derive(Debug)]
struct Link {
    bicycle: Bicycle,
    device: String,
    _following: Following,
}

/// Why the lock does not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The host does not lend Bluetooth, or the person does not.
    Denied,
    /// Bluetooth is switched off.
    Off,
    /// The lock is not in reach.
    Away,
    /// The lock does not take the command.
    Refused,
}

/// The lock's device, once it is connected.
pub(crate) type Reached = Result<String, Trouble>;

impl Lock {
    /// How far this bicycle's lock is.
    pub(crate) fn stage_of(&self, bicycle: Bicycle) -> Stage {
        match self.errand {
            Some((of, _)) if of == bicycle => self.stage,
            _ => Stage::Idle,
        }
    }

    /// Why this bicycle's lock did not do the last that was wanted of it.
    pub(crate) fn trouble_of(&self, bicycle: Bicycle) -> Option<Trouble> {
        let trouble = self.trouble.filter(|(of, _)| *of == bicycle);
        trouble.map(|(_, trouble)| trouble)
    }

    fn fail(&mut self, trouble: Trouble) {
        self.stage = Stage::Idle;
        self.trouble = self.errand.take().map(|(of, _)| (of, trouble));
    }

    /// Nothing is wanted any more; the lock is still listened to.
    fn rest(&mut self) {
        self.stage = Stage::Idle;
        self.errand = None;
    }

    /// Ends the connection, if there is one.
    pub(crate) fn leave(&mut self) {
        let left = std::mem::take(self);
        if let Some(link) = left.link
            && let Err(error) = bluetooth::disconnect(&link.device)
        {
            console::debug!("the lock is gone already: {error}");
        }
    }
}

impl Trouble {
    /// Key of what the person is told, in `i18n/`.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Denied => "lock.denied",
            Self::Off => "lock.off",
            Self::Away => "lock.away",
            Self::Refused => "lock.refused",
        }
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        console::warn!("bluetooth: {error}");
        match error {
            Error::AccessDenied => Self::Denied,
            Error::Unavailable | Error::TooManyRequests => Self::Off,
            Error::Disconnected | Error::UnknownRequest | Error::Invalid => Self::Away,
            Error::Unsupported => Self::Refused,
        }
    }
}

impl Sepeda {
    /// Opens the lock; the ride begins when the lock says that it is open.
    pub(crate) fn unlock(&mut self, bicycle: Bicycle, cx: &mut Context<Self>) {
        if clock::now().is_err() {
            return self.tell("ride.no_clock");
        }
        if self.kept.ride.is_none() {
            self.turn(bicycle, Errand::Open, cx);
        }
    }

    /// Closes the lock; the ride ends when the lock says that it is closed.
    pub(crate) fn lock_it(&mut self, cx: &mut Context<Self>) {
        if let Some(bicycle) = self.ridden() {
            self.turn(bicycle, Errand::Close, cx);
        }
    }

    /// Hears of the lock again, after the app was ended during a ride.
    pub(crate) fn listen(&mut self, bicycle: Bicycle, cx: &mut Context<Self>) {
        self.turn(bicycle, Errand::Listen, cx);
    }

    pub(crate) fn ridden(&self) -> Option<Bicycle> {
        self.kept.ride.as_ref()?.bicycle()
    }

    /// Begins an errand. The same once more does nothing; one with another bicycle takes this one's place.
    fn turn(&mut self, bicycle: Bicycle, errand: Errand, cx: &mut Context<Self>) {
        let lock = &mut self.lock;
        if lock.stage_of(bicycle) != Stage::Idle {
            return;
        }
        let linked = lock.link.as_ref().map(|link| link.bicycle);
        if linked != Some(bicycle) {
            lock.leave();
        }
        lock.trouble = None;
        lock.errand = Some((bicycle, errand));
        if lock.link.is_some() {
            self.command(cx);
        } else {
            lock.stage = Stage::Reaching;
            cx.spawn(reach(bicycle), move |device| Msg::Reached(bicycle, device));
        }
    }

    pub(crate) fn reached(&mut self, bicycle: Bicycle, reached: Reached, cx: &mut Context<Self>) {
        if self.lock.stage_of(bicycle) != Stage::Reaching {
            return;
        }
        let device = match reached {
            Ok(device) => device,
            Err(trouble) => return self.lock.fail(trouble),
        };
        match bluetooth::watch(&device, SERVICE, STATE) {
            Ok(watch) => {
                self.lock.link = Some(Link {
                    bicycle,
                    device,
                    _following: cx.follow(watch, Msg::Bolt),
                });
                self.command(cx);
            }
            Err(error) => self.lock.fail(error.into()),
        }
    }

    /// Tells the lock what is wanted, and asks how it is then.
    fn command(&mut self, cx: &mut Context<Self>) {
        let (Some(link), Some((bicycle, errand))) = (&self.lock.link, self.lock.errand) else {
            return;
        };
        self.lock.stage = Stage::Turning;
        let (device, code) = (link.device.clone(), bicycle.number);
        let turn = async move {
            match errand {
                Errand::Open => {
                    let open = [UNLOCKED, code.as_bytes()].concat();
                    bluetooth::write(&device, SERVICE, COMMAND, &open).await?;
                }
                Errand::Close => bluetooth::write(&device, SERVICE, COMMAND, LOCKED).await?,
                Errand::Listen => {}
            }
            bluetooth::read(&device, SERVICE, STATE).await
        };
        cx.spawn(turn, move |state| Msg::Turned(bicycle, state));
    }

    /// How the lock is after a command. It may have said so by itself already: then nothing is wanted any more.
    pub(crate) fn turned(
        &mut self,
        bicycle: Bicycle,
        state: Result<Vec<u8>, Error>,
        cx: &mut Context<Self>,
    ) {
        let Some((of, errand)) = self.lock.errand.filter(|(of, _)| *of == bicycle) else {
            return;
        };
        match state {
            Ok(state) => {
                self.heard(&state, cx);
                if self.lock.errand == Some((of, errand)) {
                    match errand {
                        Errand::Listen => self.lock.rest(),
                        Errand::Open | Errand::Close => self.lock.fail(Trouble::Refused),
                    }
                }
            }
            Err(error) => {
                if error == Error::Disconnected {
                    self.lock.link = None;
                }
                self.lock.fail(error.into());
            }
        }
    }

    /// The lock tells how it is: it was commanded, or somebody has closed it by hand.
    pub(crate) fn bolt(&mut self, state: Result<Vec<u8>, Error>, cx: &mut Context<Self>) {
        match state {
            Ok(state) => self.heard(&state, cx),
            Err(error) => {
                self.lock.link = None;
                if self.lock.errand.is_some() || error == Error::AccessDenied {
                    self.lock.fail(error.into());
                }
            }
        }
    }

    fn heard(&mut self, state: &[u8], cx: &mut Context<Self>) {
        let bicycle = self.lock.link.as_ref().map(|link| link.bicycle);
        let riding = bicycle.is_some() && self.ridden() == bicycle;
        let opening = bicycle.map(|bicycle| (bicycle, Errand::Open));
        if let Some(bicycle) = bicycle
            && state == UNLOCKED
            && self.lock.errand == opening
        {
            self.lock.rest();
            self.begin(bicycle, false, cx);
        } else if state == LOCKED && riding {
            self.end(cx);
        }
    }
}

/// Finds the lock by its name, and connects to it.
async fn reach(bicycle: Bicycle) -> Reached {
    let found = bluetooth::discover(&[SERVICE], PATIENCE_MS).await?;
    let lock = found
        .into_iter()
        .find(|device| device.name == bicycle.number);
    let lock = lock.ok_or(Trouble::Away)?;
    bluetooth::connect(&lock.id).await?;
    Ok(lock.id)
}
