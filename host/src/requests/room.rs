//! What a room keeps of its requests between two events.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::bindings::lapak::app::requests::RequestId;

/// The requests of one room: `Q` is what was asked, so that it can be asked again after a restart; `A` what came of it, for
/// the app to take. At most `MOST` outcomes wait for that, besides the news of watches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RoomRequests<Q, A, const MOST: usize = 32> {
    asked: BTreeMap<RequestId, Q>,
    watched: BTreeMap<RequestId, Q>,
    finished: BTreeMap<RequestId, A>,
}

impl<Q, A, const MOST: usize> Default for RoomRequests<Q, A, MOST> {
    fn default() -> Self {
        Self {
            asked: BTreeMap::new(),
            watched: BTreeMap::new(),
            finished: BTreeMap::new(),
        }
    }
}

/// A request to be asked again.
pub(crate) struct Again<Q> {
    pub(crate) request: RequestId,
    pub(crate) asked: Q,
    /// Of a watch: whether the app has news that it did not take.
    pub(crate) told: bool,
}

impl<Q: Clone + PartialEq, A, const MOST: usize> RoomRequests<Q, A, MOST> {
    /// A request that finishes once.
    pub(crate) fn ask(&mut self, request: RequestId, asked: Q) {
        self.asked.insert(request, asked);
    }

    /// A watch.
    pub(crate) fn watch(&mut self, request: RequestId, asked: Q) {
        self.watched.insert(request, asked);
    }

    /// A request has finished, or a watch has ended: tells whether the app still waits for it.
    pub(crate) fn finish(&mut self, request: RequestId, answer: A) -> bool {
        let asked = self.asked.remove(&request);
        let awaited = asked.or_else(|| self.watched.remove(&request)).is_some();
        if awaited {
            self.finished.insert(request, answer);
            self.forget_oldest();
        }
        awaited
    }

    /// Who never takes outcomes does not fill the host's memory with them.
    fn forget_oldest(&mut self) {
        if self.finished.len() <= MOST {
            return;
        }
        let mut ids = self.finished.keys().copied();
        let oldest = ids.find(|request| !self.watched.contains_key(request));
        if let Some(oldest) = oldest {
            self.finished.remove(&oldest);
        }
    }

    /// What came of requests and was not taken takes so many bytes at most: the oldest go, but never the last.
    pub(crate) fn forget_over(&mut self, most_bytes: usize, bytes: impl Fn(&A) -> usize) {
        let mut held: usize = self.finished.values().map(&bytes).sum();
        while held > most_bytes && self.finished.len() > 1 {
            let Some((_, oldest)) = self.finished.pop_first() else {
                return;
            };
            held = held.saturating_sub(bytes(&oldest));
        }
    }

    /// A watch has news: tells whether the app still wants it.
    pub(crate) fn news(&mut self, request: RequestId, news: A) -> bool {
        let wanted = self.watched.contains_key(&request);
        if wanted {
            self.finished.insert(request, news);
        }
        wanted
    }

    /// What came of a request, if it is of this kind.
    pub(crate) fn take<T>(
        &mut self,
        request: RequestId,
        of_kind: impl FnOnce(A) -> Result<T, A>,
    ) -> Option<T> {
        match of_kind(self.finished.remove(&request)?) {
            Ok(taken) => Some(taken),
            Err(other) => {
                self.finished.insert(request, other);
                None
            }
        }
    }

    /// The app wants no more news; tells whether there was such a watch.
    pub(crate) fn stop(&mut self, watch: RequestId) -> bool {
        let stopped = self.watched.remove(&watch).is_some();
        if stopped {
            self.finished.remove(&watch);
        }
        stopped
    }

    /// The app gives up a request that finishes once; tells whether there was such a one.
    pub(crate) fn cancel(&mut self, request: RequestId) -> bool {
        self.asked.remove(&request).is_some()
    }

    /// What was asked and has not finished yet, watches aside.
    pub(crate) fn asked(&self) -> impl Iterator<Item = &Q> {
        self.asked.values()
    }

    /// What was asked under this id, if it has not finished.
    pub(crate) fn asked_as(&self, request: RequestId) -> Option<&Q> {
        self.asked.get(&request)
    }

    /// Under which id this was asked, if it has not finished.
    pub(crate) fn asked_with(&self, wanted: &Q) -> Option<RequestId> {
        let mut asked = self.asked.iter();
        let found = asked.find(|(_, asked)| *asked == wanted);
        found.map(|(request, _)| *request)
    }

    /// Nothing is asked, watched or to be taken.
    pub(crate) fn is_empty(&self) -> bool {
        self.asked.is_empty() && self.watched.is_empty() && self.finished.is_empty()
    }

    /// Whether something of this request is kept here.
    pub(crate) fn holds(&self, request: RequestId) -> bool {
        let kept = self.asked.contains_key(&request) || self.watched.contains_key(&request);
        kept || self.finished.contains_key(&request)
    }

    /// How many finish once and have not yet.
    pub(crate) fn in_flight(&self) -> usize {
        self.asked.len()
    }

    /// How many are watches.
    pub(crate) fn watching(&self) -> usize {
        self.watched.len()
    }

    /// What must be asked again by another process, those `answered` having their outcome in the mailbox.
    pub(crate) fn again(&self, answered: &[RequestId]) -> Vec<Again<Q>> {
        let again = |(request, asked): (&RequestId, &Q)| Again {
            request: *request,
            asked: asked.clone(),
            told: answered.contains(request) || self.finished.contains_key(request),
        };
        let asked = self.asked.iter().map(again);
        let asked = asked.filter(|again| !answered.contains(&again.request));
        asked.chain(self.watched.iter().map(again)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn any(answer: u8) -> Result<u8, u8> {
        Ok(answer)
    }

    #[test]
    fn a_request_finishes_once_and_is_taken_once() {
        let mut room = RoomRequests::<&str, u8>::default();
        room.ask(1, "a");
        assert_eq!(room.take(1, any), None);
        assert!(!room.news(1, 0));
        assert!(room.finish(1, 5));
        assert!(!room.finish(1, 6));
        assert_eq!(room.take(1, Err::<u8, u8>), None);
        assert_eq!(room.take(1, any), Some(5));
        assert_eq!(room.take(1, any), None);
        assert_eq!(room.in_flight(), 0);
    }

    #[test]
    fn a_watch_has_news_until_it_ends_and_none_after_it_was_stopped() {
        let mut room = RoomRequests::<&str, u8>::default();
        room.watch(1, "a");
        assert!(room.news(1, 1) && room.news(1, 2));
        assert_eq!(room.take(1, any), Some(2));
        assert!(room.finish(1, 9));
        assert!(!room.news(1, 3));
        assert_eq!(room.take(1, any), Some(9));
        room.watch(2, "b");
        assert!(room.news(2, 1) && room.stop(2) && !room.stop(2));
        assert!(!room.news(2, 2) && !room.finish(2, 2));
        assert_eq!(room.take(2, any), None);
    }

    #[test]
    fn of_what_is_never_taken_the_oldest_is_forgotten_but_no_news() {
        let mut room = RoomRequests::<&str, u8, 10>::default();
        room.watch(1, "a");
        assert!(room.news(1, 1));
        for request in 2..=1_000 {
            room.ask(request, "b");
            assert!(room.finish(request, 2));
        }
        assert_eq!(room.take(1, any), Some(1));
        assert_eq!(room.take(2, any), None);
        assert_eq!(room.take(1_000, any), Some(2));
        let kept = (2..1_000).filter(|id| room.take(*id, any).is_some());
        // Ten with the two that were taken.
        assert_eq!(kept.count(), 8);
    }

    #[test]
    fn what_has_its_answer_is_not_asked_again_and_watches_always_are() {
        let mut room = RoomRequests::<&str, u8>::default();
        room.ask(1, "answered");
        room.ask(2, "not yet");
        room.watch(3, "news in the mailbox");
        room.watch(4, "news to be taken");
        room.watch(5, "no news");
        room.news(4, 0);
        let again = room.again(&[1, 3]).into_iter();
        let again: Vec<_> = again.map(|one| (one.request, one.told)).collect();
        assert_eq!(again, [(2, false), (3, true), (4, true), (5, false)]);
    }
}
