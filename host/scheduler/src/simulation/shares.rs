//! Everybody gets what they weigh.

use std::sync::Arc;

use proptest::prelude::*;

use super::{Habit, MS, Session, Simulation};
use crate::account::Account;
use crate::policy::{Class, Policy};

fn unbounded() -> Policy {
    Policy {
        budgets: [None; 3],
        ..Policy::default()
    }
}

/// Runs on from when all have been demoted alike; what each has got, and all together.
fn shares(simulation: &mut Simulation, sessions: &[Arc<Session>], ns: u64) -> (Vec<u64>, u64) {
    let before: Vec<_> = sessions.iter().map(|session| session.cpu()).collect();
    simulation.run(ns);
    let got = sessions.iter().zip(&before);
    let got: Vec<_> = got
        .map(|(session, before)| session.cpu() - before)
        .collect();
    let all = got.iter().sum();
    (got, all)
}

fn class() -> impl Strategy<Value = Class> {
    prop::sample::select(Class::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Up to two slices more or less than the exact share, however long it takes.
    #[test]
    fn cpu_time_follows_weight(
        weights in prop::collection::vec((class(), 256u32..4096, 256u32..4096), 2..12),
        seconds in 5u64..30,
    ) {
        let mut simulation = Simulation::new(1, unbounded());
        let sessions: Vec<_> = weights
            .iter()
            .map(|&(class, own, tenant)| {
                let tenant = Arc::new(Account::with_weight(tenant));
                let session = simulation.add(class, &tenant, Habit::Spin, 0);
                session.entity.set_weight(own);
                session
            })
            .collect();
        // The lightest needs 256 ms until it is wholly demoted.
        let lightest = |session: &Arc<Session>| session.cpu() < 300 * MS;
        while sessions.iter().any(lightest) {
            simulation.run(1_000 * MS);
        }
        let (got, all) = shares(&mut simulation, &sessions, seconds * 1_000 * MS);
        let weigh = |&(class, own, tenant): &(Class, u32, u32)| {
            let class = Policy::default().class_weights[class.index()];
            f64::from(class) * f64::from(own) * f64::from(tenant)
        };
        let sum: f64 = weights.iter().map(weigh).sum();
        for (index, weight) in weights.iter().enumerate() {
            let due = weigh(weight) / sum * all as f64;
            let off = (got[index] as f64 - due) / MS as f64;
            prop_assert!(off.abs() <= 4.0, "{index}: {off} ms off {due} of {all}, {weights:?}");
        }
    }

    /// A tenant gets the same with one session or with many.
    #[test]
    fn tenants_share_whatever_the_number_of_their_sessions(
        counts in prop::collection::vec(1usize..40, 2..5),
    ) {
        let mut simulation = Simulation::new(1, unbounded());
        let mut sessions = Vec::new();
        for &count in &counts {
            let tenant = Arc::new(Account::new());
            sessions.extend((0..count).map(|_| {
                simulation.add(Class::Foreground, &tenant, Habit::Spin, 0)
            }));
        }
        simulation.run(60_000 * MS);
        let (got, all) = shares(&mut simulation, &sessions, 40_000 * MS);
        let due = all as f64 / counts.len() as f64;
        let mut got = got.iter();
        for &count in &counts {
            let together: u64 = got.by_ref().take(count).sum();
            let part = together as f64 / due;
            prop_assert!((0.97..1.03).contains(&part), "{count}: {part}, {counts:?}");
        }
    }

    /// Two workers share out their sessions so that equals get about the same.
    #[test]
    fn equals_get_the_same_on_several_workers(count in 3usize..60, workers in 2usize..5) {
        prop_assume!(count >= workers * 2);
        let mut simulation = Simulation::new(workers, unbounded());
        let sessions: Vec<_> = (0..count)
            .map(|_| simulation.add_alone(Class::Foreground, Habit::Spin))
            .collect();
        simulation.run(count as u64 * 300 * MS);
        let (got, all) = shares(&mut simulation, &sessions, 30_000 * MS);
        let due = all as f64 / count as f64;
        prop_assert!(all >= 29_900 * MS * workers as u64, "no worker rests: {all}");
        for got in got {
            let part = got as f64 / due;
            prop_assert!((0.7..1.4).contains(&part), "{part} of its share, {count} on {workers}");
        }
    }
}

#[test]
fn resting_a_little_does_not_pay() {
    let mut policy = unbounded();
    // Without demotion, which is another matter.
    policy.demote_to = 1;
    let mut simulation = Simulation::new(1, policy);
    let spinner = simulation.add_alone(Class::Background, Habit::Spin);
    let rester = simulation.add_alone(
        Class::Background,
        Habit::Event {
            cost: MS,
            rest: 20_000,
        },
    );
    simulation.run(10_000 * MS);
    let (spinner, rester) = (spinner.cpu() / MS, rester.cpu() / MS);
    assert!(rester <= 5_050, "{rester} ms, the spinner {spinner} ms");
    assert!(spinner >= 4_950);
}
