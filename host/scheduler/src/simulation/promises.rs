//! Nobody waits behind those who spin, and nobody waits for ever.

use std::sync::Arc;
use std::time::Duration;

use super::{Habit, MS, Simulation, US};
use crate::account::Account;
use crate::policy::{Class, Policy};
use crate::window::Budget;

const SECOND: u64 = 1_000 * MS;

/// A turn that is running may come to the end of its slice first.
const SLICE_AND_EVENT: u64 = MS + 100 * US;

fn unbounded() -> Policy {
    Policy {
        budgets: [None; 3],
        ..Policy::default()
    }
}

fn crowd(simulation: &Simulation, tenants: usize, class: Class) {
    let tenants: Vec<_> = (0..tenants).map(|_| Arc::new(Account::new())).collect();
    for number in 0..1_000 {
        simulation.add(class, &tenants[number % tenants.len()], Habit::Spin, 0);
    }
}

fn tap(rest: u64) -> Habit {
    Habit::Event {
        cost: 20 * US,
        rest,
    }
}

#[test]
fn a_tap_waits_no_longer_than_a_slice_behind_a_thousand_tenants_that_spin() {
    let mut simulation = Simulation::new(2, unbounded());
    crowd(&simulation, 1_000, Class::Foreground);
    simulation.run(20 * SECOND);
    let tap = simulation.add_alone(Class::Foreground, tap(7 * MS));
    simulation.run(20 * SECOND);
    assert!(tap.events() > 2_000, "{}", tap.events());
    assert!(tap.longest() <= SLICE_AND_EVENT, "{} ns", tap.longest());
}

#[test]
fn a_tap_waits_no_longer_than_a_slice_behind_its_own_tenant_that_spins() {
    let mut simulation = Simulation::new(2, unbounded());
    let tenant = Arc::new(Account::new());
    for _ in 0..1_000 {
        simulation.add(Class::Foreground, &tenant, Habit::Spin, 0);
    }
    simulation.run(20 * SECOND);
    let tap = simulation.add(Class::Foreground, &tenant, tap(100 * MS), 0);
    simulation.run(60 * SECOND);
    assert!(tap.events() > 500, "{}", tap.events());
    assert!(tap.longest() <= SLICE_AND_EVENT, "{} ns", tap.longest());
}

#[test]
fn many_taps_stay_quick_in_the_long_run_behind_spinners() {
    let mut simulation = Simulation::new(1, unbounded());
    crowd(&simulation, 1_000, Class::Foreground);
    simulation.run(20 * SECOND);
    // Together a fifth of the processor.
    let taps: Vec<_> = (0..100)
        .map(|number| {
            let tenant = Arc::new(Account::new());
            let rest = 10 * MS;
            simulation.add(Class::Foreground, &tenant, tap(rest), number * 97 * US)
        })
        .collect();
    simulation.run(100 * SECOND);
    for tap in &taps {
        assert!(tap.events() > 8_000, "{}", tap.events());
        // Its fellows may go first, and one spinner whose slice is due.
        assert!(tap.longest() <= 2 * SLICE_AND_EVENT, "{} ns", tap.longest());
    }
}

#[test]
fn a_tap_is_not_kept_by_a_turn_that_has_only_begun() {
    let mut simulation = Simulation::new(1, unbounded());
    simulation.add_alone(Class::Background, Habit::Spin);
    simulation.run(SECOND);
    let tap = simulation.add_alone(Class::Foreground, tap(1_370 * US));
    simulation.run(SECOND);
    assert!(tap.events() > 600);
    // Interrupted at once: no slice is waited for.
    assert!(tap.longest() <= 60 * US, "{} ns", tap.longest());
}

#[test]
fn a_background_session_moves_behind_a_thousand_in_the_foreground() {
    let mut simulation = Simulation::new(2, unbounded());
    crowd(&simulation, 1_000, Class::Foreground);
    let background = simulation.add_alone(Class::Background, Habit::Spin);
    simulation.run(60 * SECOND);
    let turns = background.turns();
    assert!(turns >= 3, "{turns} turns");
    simulation.run(60 * SECOND);
    assert!(background.turns() > turns, "it goes on moving");
}

#[test]
fn an_endless_stream_of_new_sessions_does_not_starve_one_that_spins() {
    let mut simulation = Simulation::new(1, unbounded());
    let spinner = simulation.add_alone(Class::Background, Habit::Spin);
    simulation.run(SECOND);
    let before = spinner.turns();
    for number in 0..20_000 {
        let once = Habit::Event { cost: MS, rest: 0 };
        let tenant = Arc::new(Account::new());
        // More than one worker can do: the queue only grows.
        simulation.add(Class::Foreground, &tenant, once, number * MS / 2);
    }
    simulation.run(5 * SECOND);
    let turns = spinner.turns() - before;
    assert!(turns >= 100, "{turns} turns in 5 s");
}

#[test]
fn coming_to_the_foreground_helps_at_once() {
    let mut simulation = Simulation::new(1, unbounded());
    for _ in 0..200 {
        simulation.add_alone(Class::Foreground, Habit::Spin);
    }
    simulation.run(2 * SECOND);
    let event = Habit::Event {
        cost: 100 * US,
        rest: 0,
    };
    let opened = simulation.add_alone(Class::Background, event);
    let left = simulation.add_alone(Class::Background, event);
    simulation.run(5 * MS);
    assert_eq!((opened.events(), left.events()), (0, 0), "both wait");
    simulation.shared.set_class(&opened, Class::Foreground);
    simulation.run(3 * MS);
    assert_eq!((opened.events(), left.events()), (1, 0));
}

#[test]
fn a_background_session_keeps_to_its_budget_and_goes_on_in_the_next_window() {
    let mut policy = unbounded();
    policy.budgets[2] = Some(Budget {
        cpu: Duration::from_millis(100),
        per: Duration::from_secs(1),
    });
    let mut simulation = Simulation::new(2, policy);
    let bounded = simulation.add_alone(Class::Background, Habit::Spin);
    let free = simulation.add_alone(Class::Foreground, Habit::Spin);
    let mut before = 0;
    for second in 1..=10 {
        simulation.run(SECOND);
        let used = bounded.cpu() - before;
        before = bounded.cpu();
        // The slice in which it was spent may be finished.
        assert!((99 * MS..=102 * MS).contains(&used), "{second}: {used} ns");
        assert!(bounded.entity.tenant().runnable() <= 1);
    }
    assert!(free.cpu() > 9 * SECOND);
}

#[test]
fn a_wake_while_parked_is_remembered() {
    let mut policy = unbounded();
    policy.budgets[2] = Some(Budget {
        cpu: Duration::from_millis(1),
        per: Duration::from_secs(1),
    });
    let mut simulation = Simulation::new(1, policy);
    let bounded = simulation.add_alone(
        Class::Background,
        Habit::Event {
            cost: MS,
            rest: 10 * MS,
        },
    );
    simulation.run(500 * MS);
    assert_eq!(bounded.events(), 1, "the second event waits for the window");
    assert_eq!(
        bounded.entity.tenant().runnable(),
        0,
        "and weighs on nobody"
    );
    simulation.run(SECOND);
    assert_eq!(bounded.events(), 2);
}

#[test]
fn a_short_event_is_not_cut_up_by_those_who_spin() {
    let mut simulation = Simulation::new(1, unbounded());
    crowd(&simulation, 100, Class::Foreground);
    simulation.run(20 * SECOND);
    let event = Habit::Event {
        cost: 3 * MS,
        rest: 500 * MS,
    };
    let opened = simulation.add_alone(Class::Foreground, event);
    simulation.run(20 * SECOND);
    assert!(opened.events() > 30, "{}", opened.events());
    let longest = opened.longest();
    // A slice before it, and one that has been passed over for long.
    assert!(longest <= 3 * MS + 2 * SLICE_AND_EVENT, "{longest} ns");
}
