use proptest::prelude::*;

use super::*;
use crate::policy::{Policy, REFERENCE_WEIGHT};

const MS: u64 = 1_000_000;

fn queue() -> RunQueue<u32> {
    RunQueue::new(Numbers::from(&Policy::default()))
}

fn terms(class: Class, weight: u64, burst_ms: u64) -> Terms {
    Terms {
        class,
        weight,
        burst_ns: burst_ms * MS,
        budget_ns: u64::MAX,
    }
}

fn person() -> Terms {
    terms(Class::Foreground, REFERENCE_WEIGHT, 0)
}

fn spinner() -> Terms {
    terms(Class::Foreground, REFERENCE_WEIGHT / 64, 1_000)
}

fn put(queue: &mut RunQueue<u32>, task: u32, terms: Terms, lag: i64) -> Place {
    let place = queue.place(&terms, lag);
    queue.insert(task, terms, place);
    place
}

proptest! {
    /// Whatever the two queues have been through, what an entity is owed in one it is owed in the other.
    #[test]
    fn lag_is_kept_from_queue_to_queue(
        turns in prop::collection::vec((any::<bool>(), 1u64..5 * MS, 1u64..64), 1..40),
        lag in -(1i64 << 40)..(1 << 40),
    ) {
        let mut queues = [queue(), queue()];
        for (second, used_ns, divisor) in turns {
            let queue = &mut queues[usize::from(second)];
            put(queue, 0, terms(Class::Visible, REFERENCE_WEIGHT / divisor, 5), 0);
            prop_assert_eq!(queue.pick(0), Some(0));
            prop_assert!(queue.finish(used_ns).is_some());
        }
        let [from, to] = &mut queues;
        put(from, 7, person(), lag);
        put(from, 8, spinner(), lag);
        let moved = from.take_surplus(REFERENCE_WEIGHT / 64).expect("the lighter one");
        prop_assert_eq!((moved.task, moved.lag), (8, lag));
        let place = put(to, moved.task, spinner(), moved.lag);
        prop_assert_eq!(to.clock().since(place.owed_from), lag);
        let (task, owed) = to.remove(place).expect("it waits there");
        prop_assert_eq!((task, owed), (8, Some(lag)));
        prop_assert_eq!((to.waiting(), to.load()), (0, 0));
        prop_assert_eq!((from.waiting(), from.load()), (1, REFERENCE_WEIGHT));
    }
}

#[test]
fn an_event_that_begins_interrupts_one_that_spins_and_not_the_other_way_round() {
    let mut queue = queue();
    put(&mut queue, 1, spinner(), 0);
    assert_eq!(queue.pick(0), Some(1));
    let tap = put(&mut queue, 2, person(), 0);
    assert!(queue.preempts(tap, person(), 10));
    assert!(!queue.preempts(tap, person(), 20), "once is enough");
    assert!(queue.should_yield(10));
    assert!(queue.finish(10).is_some());
    put(&mut queue, 1, spinner(), 0);
    assert_eq!(queue.pick(20), Some(2));
    let late = put(&mut queue, 3, spinner(), 0);
    assert!(!queue.preempts(late, spinner(), 30));
    assert!(!queue.should_yield(MS), "it is at its event for 1 ms");
    assert!(queue.should_yield(4 * MS), "now it spins, too");
}

#[test]
fn equals_take_turns_by_the_slice() {
    let mut queue = queue();
    put(&mut queue, 1, spinner(), 0);
    put(&mut queue, 2, spinner(), 0);
    assert_eq!(queue.pick(0), Some(1));
    assert!(!queue.should_yield(MS / 4), "its slice has only begun");
    assert!(queue.should_yield(MS));
    let (_, lag) = queue.finish(MS).expect("it ran");
    put(&mut queue, 1, spinner(), lag);
    assert_eq!(queue.pick(MS), Some(2));
}

#[test]
fn who_is_alone_need_not_yield_unless_its_budget_is_spent() {
    let mut queue = queue();
    let bounded = Terms {
        budget_ns: 5 * MS,
        ..spinner()
    };
    put(&mut queue, 1, bounded, 0);
    assert_eq!(queue.pick(0), Some(1));
    assert!(!queue.should_yield(5 * MS - 1));
    assert!(queue.should_yield(5 * MS));
}

#[test]
fn who_was_passed_over_for_long_has_a_whole_slice() {
    let mut queue = queue();
    put(&mut queue, 1, spinner(), 0);
    for _ in 0..16 {
        put(&mut queue, 2, person(), 0);
        assert_eq!(queue.pick(0), Some(2));
        assert!(queue.finish(MS).is_some());
    }
    put(&mut queue, 2, person(), 0);
    assert_eq!(queue.pick(0), Some(1), "now it is its turn");
    let tap = put(&mut queue, 3, person(), 0);
    assert!(!queue.preempts(tap, person(), 10));
    assert!(!queue.should_yield(MS / 2));
    assert!(queue.should_yield(MS));
}

#[test]
fn a_parked_one_comes_back_at_its_moment_or_when_it_is_taken_out() {
    let mut queue = queue();
    for (task, until_ns) in [(1, 200), (2, 100), (3, 300)] {
        let place = queue.parking_place(0, until_ns);
        queue.park(task, place);
        if task == 3 {
            assert_eq!(queue.remove(place), Some((3, None)));
        }
    }
    assert_eq!(queue.pick(0), None);
    assert_eq!(queue.parked_until(), Some(100));
    assert_eq!(queue.take_due(99), None);
    assert_eq!(queue.take_due(150), Some(2));
    assert_eq!(queue.take_due(150), None);
    assert_eq!(queue.parked(), 1);
}

#[test]
fn what_a_sleeper_keeps_is_bounded_both_ways() {
    let numbers = Numbers::from(&Policy::default());
    let bonus = numbers.bonus;
    assert_eq!(lag_after_sleep(&numbers, REFERENCE_WEIGHT, i64::MAX), bonus);
    assert_eq!(
        lag_after_sleep(&numbers, REFERENCE_WEIGHT, i64::MIN),
        -bonus
    );
    assert_eq!(
        lag_after_sleep(&numbers, REFERENCE_WEIGHT / 32, i64::MIN),
        -32 * bonus
    );
    assert_eq!(lag_after_sleep(&numbers, REFERENCE_WEIGHT, 5), 5);
}
