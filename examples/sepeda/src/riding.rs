//! The ride, from the moment when the lock is open to the moment when it is closed.

use std::time::Duration;

use lapak_sdk::prelude::*;

use crate::fleet::Bicycle;
use crate::kept::Keeping;
use crate::ride::Ride;
use crate::whereabouts::Here;
use crate::{Msg, Page, Sepeda, go};

impl Sepeda {
    /// The lock is open.
    pub(crate) fn begin(&mut self, bicycle: Bicycle, by_hand: bool, cx: &mut Context<Self>) {
        if self.kept.ride.is_some() || self.keeping == Keeping::NotReadYet {
            return;
        }
        let Ok(now) = clock::now() else {
            return self.tell("ride.no_clock");
        };
        let at = match self.whereabouts.here {
            Here::At(place) => Some(place),
            _ => None,
        };
        self.kept.ride = Some(Ride::new(bicycle, now.unix_ms, by_hand, at));
        self.beside = None;
        self.notice = None;
        self.save(cx);
        self.locate(cx);
        self.leave_for(Page::Ride, cx);
    }

    /// The lock is closed: the ride is charged.
    pub(crate) fn end(&mut self, cx: &mut Context<Self>) {
        let Some(ride) = self.kept.ride.take() else {
            return;
        };
        // Without a clock nobody knows more than that it began.
        let ended = clock::now().unwrap_or(clock::Timestamp {
            unix_ms: ride.started_ms,
            utc_offset_minutes: 0,
        });
        let number = self.kept.trips.add(ride, ended);
        self.chosen = None;
        self.lock.leave();
        self.save(cx);
        self.locate(cx);
        self.leave_for(Page::Trip { number }, cx);
    }

    /// Goes on with the ride of an earlier session.
    pub(crate) fn resume(&mut self, cx: &mut Context<Self>) {
        let Some(ride) = &self.kept.ride else {
            return;
        };
        let by_hand = ride.by_hand;
        if let (Some(bicycle), false) = (ride.bicycle(), by_hand) {
            self.listen(bicycle, cx);
        }
        self.locate(cx);
        if self.page != Some(Page::Ride) {
            go(cx.navigate_to(Page::Ride));
        }
        self.tick(cx);
    }

    /// In the place of a page that has done its work; on top of one that has not.
    fn leave_for(&mut self, page: Page, cx: &mut Context<Self>) {
        go(match &self.page {
            Some(Page::Unlock { .. } | Page::Ride) => cx.redirect_to(page),
            _ => cx.navigate_to(page),
        });
    }

    /// Ticks with the ride's seconds while somebody looks at them.
    pub(crate) fn tick(&mut self, cx: &mut Context<Self>) {
        let Some(ride) = &self.kept.ride else {
            return;
        };
        if self.visible && self.page == Some(Page::Ride) && !self.ticking {
            self.ticking = true;
            let into_the_second = self.now_ms.saturating_sub(ride.started_ms) % 1_000;
            let next = Duration::from_millis(1_000 - into_the_second);
            cx.spawn(timer::after(next), Msg::Tick);
        }
    }

    pub(crate) fn ticked(&mut self, ticked: Result<(), timer::Error>, cx: &mut Context<Self>) {
        match ticked {
            Ok(()) => {
                self.ticking = false;
                self.tick(cx);
            }
            // The time on show then goes on when something else happens.
            Err(error) => console::warn!("timer: {error}"),
        }
    }
}
