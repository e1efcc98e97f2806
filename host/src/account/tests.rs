use super::*;

fn payers(accounts: &Accounts, person: &str) -> Payers {
    [
        accounts.app("app"),
        accounts.person(person),
        accounts.package("package"),
    ]
}

fn limited() -> Arc<Accounts> {
    let mut limits = AccountLimits::default();
    limits.person.work = 2;
    limits.app.work = 3;
    Accounts::new(limits)
}

#[test]
fn a_charge_goes_to_everybody_concerned_and_comes_back() {
    let accounts = limited();
    let [app, person, package] = payers(&accounts, "a");
    let charge = accounts.charge(payers(&accounts, "a"), Cost::Memory, 1_500);
    for account in [&*app, &*person, &*package, accounts.host()] {
        assert_eq!(account.used(Cost::Memory), 2_048);
    }
    drop(charge);
    for account in [&*app, &*person, &*package, accounts.host()] {
        assert_eq!(account.used(Cost::Memory), 0);
    }
}

#[test]
fn a_refusal_names_whose_limit_it_is_and_charges_nobody() {
    let accounts = limited();
    let work = |person: &str| accounts.charge(payers(&accounts, person), Cost::Work, 1);
    let held = [work("a").expect("first"), work("a").expect("second")];
    let refused = work("a").expect_err("a third for one person");
    assert_eq!((refused.holder, refused.limit), (Holder::Person, 2));
    let of_another = work("b").expect("another person");
    let refused = work("b").expect_err("a fourth for one app");
    assert_eq!((refused.holder, refused.limit), (Holder::App, 3));
    assert_eq!(accounts.host().used(Cost::Work), 3);
    drop((held, of_another));
    assert_eq!(accounts.host().used(Cost::Work), 0);
    assert_eq!(accounts.app("app").used(Cost::Work), 0);
    assert_eq!(accounts.refusals()[Cost::Work as usize].1, 2);
}

#[test]
fn accounts_that_nobody_uses_are_dropped() {
    let accounts = limited();
    let kept = accounts.person("kept");
    for number in 0..10_000 {
        accounts.person(&format!("person {number}"));
    }
    assert!(accounts.holders().0 <= 1_025, "{}", accounts.holders().0);
    assert!(Arc::ptr_eq(&kept, &accounts.person("kept")));
}
