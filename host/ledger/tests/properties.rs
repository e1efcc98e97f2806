//! Any interleaving of payments, holds, refunds, transfers, retries and expiries, in two currencies, keeps the books sound,
//! and does what a much simpler ledger does.

mod support;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use lapak_ledger::ledger::{
    AccountTerms, Ledger, LedgerError, LedgerOptions, Operation, Payment, Refund, Refusal, Transfer,
};
use lapak_ledger::money::Amount;
use lapak_ledger::name::{AccountId, MerchantId, OrderId};
use proptest::prelude::*;
use support::{
    HandClock, START_MS, capture, currency, id, open_accounts, pay, payment, refund, release,
    terms, transfer,
};

const PERSONS: [&str; 3] = ["person:ani", "person:budi", "merchant:warung"];
/// What everything abroad is called after: the same people, the same merchant, another currency.
const ABROAD: &str = "-usd";

#[derive(Clone, Debug)]
enum Step {
    Pay {
        order: u8,
        payer: u8,
        minor: i64,
    },
    Hold {
        order: u8,
        payer: u8,
        minor: i64,
    },
    Capture {
        order: u8,
        minor: i64,
    },
    Release {
        order: u8,
    },
    Refund {
        order: u8,
        key: u8,
        minor: i64,
    },
    Transfer {
        from: u8,
        to: u8,
        key: u8,
        minor: i64,
    },
    /// What the other step says, abroad.
    Abroad(Box<Step>),
    /// Money of one currency into an account of another.
    Across {
        from: u8,
        to: u8,
        key: u8,
        minor: i64,
    },
    /// Send again what was sent as the step with this number.
    Again(usize),
    Wait {
        ms: i64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => step_at_home(),
        1 => step_at_home().prop_map(|step| match step {
            step @ (Step::Again(_) | Step::Wait { .. }) => step,
            step => Step::Abroad(Box::new(step)),
        }),
    ]
}

fn step_at_home() -> impl Strategy<Value = Step> {
    // Few names and small amounts, so that steps meet.
    let minor = || prop_oneof![1..60_i64, Just(1), Just(100)];
    prop_oneof![
        4 => (0..6_u8, 0..2_u8, minor()).prop_map(|(order, payer, minor)| Step::Pay { order, payer, minor }),
        3 => (0..6_u8, 0..2_u8, minor()).prop_map(|(order, payer, minor)| Step::Hold { order, payer, minor }),
        3 => (0..6_u8, minor()).prop_map(|(order, minor)| Step::Capture { order, minor }),
        1 => (0..6_u8).prop_map(|order| Step::Release { order }),
        4 => (0..6_u8, 0..3_u8, minor()).prop_map(|(order, key, minor)| Step::Refund { order, key, minor }),
        3 => (0..3_u8, 0..3_u8, 0..6_u8, minor())
            .prop_map(|(from, to, key, minor)| Step::Transfer { from, to, key, minor }),
        1 => (0..3_u8, 0..3_u8, 0..6_u8, minor())
            .prop_map(|(from, to, key, minor)| Step::Across { from, to, key, minor }),
        4 => (0..40_usize).prop_map(Step::Again),
        1 => (1..30_000_i64).prop_map(|ms| Step::Wait { ms }),
    ]
}

/// The operation that a step asks for; orders are good for a minute from the beginning, odd ones for half of it.
fn operation(step: &Step) -> Option<Operation> {
    let order_of = |order: u8, payer: u8, minor| Payment {
        expires_at_ms: START_MS
            + if order.is_multiple_of(2) {
                60_000
            } else {
                30_000
            },
        ..payment(&order.to_string(), PERSONS[usize::from(payer)], minor)
    };
    Some(match *step {
        Step::Pay {
            order,
            payer,
            minor,
        } => Operation::Pay(order_of(order, payer, minor)),
        Step::Hold {
            order,
            payer,
            minor,
        } => Operation::Hold(order_of(order, payer, minor)),
        Step::Capture { order, minor } => capture(&order.to_string(), minor),
        Step::Release { order } => release(&order.to_string()),
        Step::Refund { order, key, minor } => refund(&order.to_string(), &key.to_string(), minor),
        Step::Transfer {
            from,
            to,
            key,
            minor,
        } => transfer(
            PERSONS[usize::from(from)],
            PERSONS[usize::from(to)],
            &key.to_string(),
            minor,
        ),
        Step::Across {
            from,
            to,
            key,
            minor,
        } => transfer(
            PERSONS[usize::from(from)],
            &format!("{}{ABROAD}", PERSONS[usize::from(to)]),
            &format!("across-{key}"),
            minor,
        ),
        Step::Abroad(ref step) => abroad(operation(step)?),
        Step::Again(_) | Step::Wait { .. } => return None,
    })
}

/// The same operation with the accounts, the merchant and the currency from abroad.
fn abroad(operation: Operation) -> Operation {
    let account = |id_: AccountId| id(&format!("{id_}{ABROAD}"));
    let shop = |id: MerchantId| -> MerchantId { format!("{id}{ABROAD}").parse().expect("a name") };
    let amount = |amount: Amount| Amount::new(amount.minor(), currency("USD")).expect("an amount");
    let payment = |payment: Payment| Payment {
        merchant: shop(payment.merchant),
        payer: account(payment.payer),
        payee: account(payment.payee),
        amount: amount(payment.amount),
        ..payment
    };
    match operation {
        Operation::Pay(order) => Operation::Pay(payment(order)),
        Operation::Hold(order) => Operation::Hold(payment(order)),
        Operation::Capture {
            merchant,
            order,
            amount: minor,
        } => Operation::Capture {
            merchant: shop(merchant),
            order,
            amount: amount(minor),
        },
        Operation::Release { merchant, order } => Operation::Release {
            merchant: shop(merchant),
            order,
        },
        Operation::Refund(refund) => Operation::Refund(Refund {
            merchant: shop(refund.merchant),
            amount: amount(refund.amount),
            ..refund
        }),
        Operation::Transfer(transfer) => Operation::Transfer(Transfer {
            from: account(transfer.from),
            // What goes across stays as it is.
            to: match transfer.to.as_str().ends_with(ABROAD) {
                true => transfer.to,
                false => account(transfer.to),
            },
            amount: amount(transfer.amount),
            ..transfer
        }),
        other => other,
    }
}

/// What a receipt is for: nothing else may ever have the same.
fn purpose(operation: &Operation) -> String {
    match operation {
        Operation::Pay(order) | Operation::Hold(order) => order_of(&order.merchant, &order.order),
        Operation::Capture {
            merchant, order, ..
        }
        | Operation::Release { merchant, order } => order_of(merchant, order),
        Operation::Refund(refund) => format!(
            "refund {} of {}",
            refund.key,
            order_of(&refund.merchant, &refund.order)
        ),
        Operation::Transfer(transfer) => format!("transfer {} of {}", transfer.key, transfer.from),
        other => format!("{other:?}"),
    }
}

fn order_of(merchant: &MerchantId, order: &OrderId) -> String {
    format!("{merchant} {order}")
}

/// The ledger as one would write it if nothing could fail.
#[derive(Default)]
struct Model {
    now_ms: i64,
    balances: BTreeMap<String, (i64, i64)>,
    orders: HashMap<String, ModelOrder>,
    requests: HashMap<(String, String), String>,
}

struct ModelOrder {
    payment: Payment,
    held: i64,
    paid: Option<i64>,
    was_held: bool,
    refunded: i64,
}

impl Model {
    /// Whether the ledger is to do it, or to have done it before.
    fn carry_out(&mut self, operation: &Operation) -> bool {
        self.release_expired();
        match operation {
            Operation::Pay(payment) | Operation::Hold(payment) => {
                self.order(payment, matches!(operation, Operation::Hold(_)))
            }
            Operation::Capture {
                merchant,
                order,
                amount,
            } => self.capture(&order_of(merchant, order), amount.minor()),
            Operation::Release { merchant, order } => self.release(&order_of(merchant, order)),
            Operation::Refund(refund) => {
                let order = order_of(&refund.merchant, &refund.order);
                let request = (format!("refund {order}"), refund.key.to_string());
                let minor = refund.amount.minor();
                self.once(request, format!("{refund:?}"), |model| {
                    model.refund(&order, minor)
                })
            }
            Operation::Transfer(transfer) => {
                let request = (transfer.from.to_string(), transfer.key.to_string());
                let (from, to) = (transfer.from.to_string(), transfer.to.to_string());
                let minor = transfer.amount.minor();
                self.once(request, format!("{transfer:?}"), |model| {
                    let across = from.ends_with(ABROAD) != to.ends_with(ABROAD);
                    from != to && !across && model.transfer(&from, &to, minor)
                })
            }
            Operation::Open(_) | Operation::ReleaseExpired => true,
        }
    }

    fn once(
        &mut self,
        request: (String, String),
        what: String,
        act: impl FnOnce(&mut Self) -> bool,
    ) -> bool {
        if let Some(known) = self.requests.get(&request) {
            return *known == what;
        }
        let done = act(self);
        if done {
            self.requests.insert(request, what);
        }
        done
    }

    fn order(&mut self, payment: &Payment, hold: bool) -> bool {
        let payer = payment.payer.to_string();
        let name = order_of(&payment.merchant, &payment.order);
        if let Some(known) = self.orders.get(&name) {
            let same =
                (&known.payment.digest, &known.payment.payer) == (&payment.digest, &payment.payer);
            return same
                && if hold {
                    known.was_held
                } else {
                    known.paid.is_some()
                };
        }
        let minor = payment.amount.minor();
        let (available, _) = self.balances[&payer];
        if self.now_ms >= payment.expires_at_ms || available < minor {
            return false;
        }
        self.add(&payer, -minor, if hold { minor } else { 0 });
        if !hold {
            self.add(payment.payee.as_str(), minor, 0);
        }
        let (held, paid) = if hold {
            (minor, None)
        } else {
            (0, Some(minor))
        };
        let order = ModelOrder {
            payment: payment.clone(),
            held,
            paid,
            was_held: hold,
            refunded: 0,
        };
        self.orders.insert(name, order);
        true
    }

    fn capture(&mut self, order: &str, minor: i64) -> bool {
        let Some(known) = self.orders.get_mut(order) else {
            return false;
        };
        if known.paid.is_some() {
            return known.was_held && known.paid == Some(minor);
        }
        if known.held == 0 || minor > known.held {
            return false;
        }
        let (payer, held) = (known.payment.payer.to_string(), known.held);
        let payee = known.payment.payee.to_string();
        (known.held, known.paid) = (0, Some(minor));
        self.add(&payer, held - minor, -held);
        self.add(&payee, minor, 0);
        true
    }

    fn release(&mut self, order: &str) -> bool {
        let Some(known) = self.orders.get_mut(order) else {
            return false;
        };
        let (payer, held) = (known.payment.payer.to_string(), known.held);
        if known.paid.is_some() {
            return false;
        }
        known.held = 0;
        self.add(&payer, held, -held);
        true
    }

    fn release_expired(&mut self) {
        let due: Vec<String> = self
            .orders
            .iter()
            .filter(|(_, order)| order.held > 0 && order.payment.expires_at_ms <= self.now_ms)
            .map(|(order, _)| order.clone())
            .collect();
        for order in due {
            self.release(&order);
        }
    }

    fn refund(&mut self, order: &str, minor: i64) -> bool {
        let Some(known) = self.orders.get(order) else {
            return false;
        };
        let Some(paid) = known.paid else { return false };
        let payer = known.payment.payer.to_string();
        let payee = known.payment.payee.to_string();
        if minor > paid - known.refunded || !self.transfer(&payee, &payer, minor) {
            return false;
        }
        if let Some(known) = self.orders.get_mut(order) {
            known.refunded += minor;
        }
        true
    }

    fn transfer(&mut self, from: &str, to: &str, minor: i64) -> bool {
        if self.balances[from].0 < minor {
            return false;
        }
        self.add(from, -minor, 0);
        self.add(to, minor, 0);
        true
    }

    fn add(&mut self, account: &str, available: i64, held: i64) {
        let balance = self.balances.get_mut(account).expect("an account");
        balance.0 += available;
        balance.1 += held;
    }
}

fn open_abroad(ledger: &Ledger) {
    for (account, floor_minor) in [
        ("equity:issued", None),
        (PERSONS[0], Some(0)),
        (PERSONS[1], Some(0)),
        (PERSONS[2], Some(0)),
    ] {
        let terms = AccountTerms {
            currency: currency("USD"),
            ..terms(&format!("{account}{ABROAD}"), floor_minor)
        };
        ledger.carry_out(Operation::Open(terms)).expect("opened");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn every_interleaving_does_what_the_model_does(steps in prop::collection::vec(step(), 1..80)) {
        let clock = HandClock::new();
        let ledger = Ledger::in_memory(LedgerOptions { clock: clock.shared(), ..LedgerOptions::default() });
        let ledger = ledger.expect("a ledger");
        open_accounts(&ledger);
        let mut model = Model { now_ms: START_MS, ..Model::default() };
        open_abroad(&ledger);
        for person in PERSONS {
            let top_up = transfer("equity:issued", person, &format!("top-up-{person}"), 100);
            for operation in [top_up.clone(), abroad(top_up)] {
                ledger.carry_out(operation).expect("done");
            }
            model.balances.insert(person.to_owned(), (100, 0));
            model.balances.insert(format!("{person}{ABROAD}"), (100, 0));
        }
        let (mut seqs, mut receipts) = (HashMap::new(), HashMap::new());
        for step in &steps {
            let step = match step {
                Step::Again(at) => steps.get(*at).unwrap_or(step),
                step => step,
            };
            if let Step::Wait { ms } = step {
                clock.advance(*ms);
                model.now_ms += ms;
            }
            let Some(operation) = operation(step) else { continue };
            let expected = model.carry_out(&operation);
            match ledger.carry_out(operation.clone()) {
                Ok(Some(posted)) => {
                    prop_assert!(expected, "{operation:?} was done");
                    // What is repeated is what was answered to the very same operation before, and nothing else is.
                    let name = format!("{operation:?}");
                    if let Some(first) = seqs.insert(name, posted.seq) {
                        prop_assert!(posted.repeated && first == posted.seq);
                    }
                    // Nor has anything else the same receipt.
                    let purpose = purpose(&operation);
                    if let Some(other) = receipts.insert(posted.seq, purpose.clone()) {
                        prop_assert_eq!(other, purpose);
                    }
                }
                Err(LedgerError::Refused(refusal)) => prop_assert!(!expected, "{operation:?}: {refusal}"),
                other => prop_assert!(false, "{other:?}"),
            }
            for (account, balance) in &model.balances {
                let found = ledger.balance(&id(account)).expect("read").expect("an account");
                prop_assert_eq!((found.available_minor, found.held_minor), *balance, "{}", account);
                prop_assert!(found.available_minor >= 0 && found.held_minor >= 0);
            }
        }
        let proof = ledger.verify(&[]).expect("sound");
        // Of each currency as much as came in, whatever went where.
        prop_assert_eq!(proof.owed.values().copied().collect::<Vec<_>>(), [300, 300]);
    }
}

#[test]
fn threads_that_race_for_the_same_money_and_orders_leave_sound_books() {
    let clock = HandClock::new();
    let options = LedgerOptions {
        clock: clock.shared(),
        ..LedgerOptions::default()
    };
    let ledger = Ledger::in_memory(options).expect("a ledger");
    open_accounts(&ledger);
    ledger
        .carry_out(transfer("equity:issued", "person:ani", "top-up", 1000))
        .expect("done");
    let paid: Vec<(String, u64, bool)> = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..8)
            .map(|racer| {
                let ledger = &ledger;
                scope.spawn(move || {
                    let mut paid = Vec::new();
                    // Everybody pays the same 200 orders, each beginning elsewhere; there is money for 100.
                    for at in 0..200 {
                        let order = format!("{}", (at + racer * 25) % 200);
                        match ledger.carry_out(pay(&order, "person:ani", 10)) {
                            Ok(Some(posted)) => paid.push((order, posted.seq, posted.repeated)),
                            Err(LedgerError::Refused(Refusal::InsufficientFunds(_))) => {}
                            other => panic!("{other:?}"),
                        }
                    }
                    paid
                })
            })
            .collect();
        racers
            .into_iter()
            .flat_map(|racer| racer.join().expect("ended"))
            .collect()
    });
    let orders: BTreeSet<_> = paid.iter().map(|(order, ..)| order).collect();
    let entries: BTreeSet<_> = paid.iter().map(|(_, seq, _)| seq).collect();
    let first = paid.iter().filter(|(.., repeated)| !repeated).count();
    assert_eq!((orders.len(), entries.len(), first), (100, 100, 100));
    let merchant = ledger
        .balance(&id("merchant:warung"))
        .expect("read")
        .expect("an account");
    assert_eq!(merchant.available_minor, 1000);
    ledger.verify(&[]).expect("sound");
}
