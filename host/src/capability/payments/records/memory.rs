//! Records in memory: for tests, pictures and headless runs. Differs from real ones in that nothing outlives the process.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lapak_ledger::money::Currency;
use lapak_ledger::name::RequestKey;

use super::{Agreed, DAY_MS, PaymentRecords, PaymentResult, Record, RecordsError, Written, within};

/// A map.
#[derive(Debug, Default)]
pub struct MemoryRecords {
    records: Mutex<BTreeMap<RequestKey, Record>>,
}

impl MemoryRecords {
    fn records(&self) -> MutexGuard<'_, BTreeMap<RequestKey, Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PaymentRecords for MemoryRecords {
    fn agree(&self, agreed: &Agreed, most_minor: Option<i64>) -> Result<Written, RecordsError> {
        let mut records = self.records();
        if let Some(known) = records.get(&agreed.key) {
            return Ok(Written::Known(Box::new(known.clone())));
        }
        let since = agreed.at_ms.saturating_sub(DAY_MS);
        let spent = spent(
            &records,
            &agreed.person,
            &agreed.app_id,
            agreed.currency,
            since,
        );
        if agreed.ask.spends() && !within(spent, agreed.amount_minor, most_minor) {
            return Ok(Written::OverBound);
        }
        let record = Record {
            agreed: agreed.clone(),
            result: None,
        };
        records.insert(agreed.key.clone(), record);
        Ok(Written::New)
    }

    fn finish(&self, key: &RequestKey, result: &PaymentResult) -> Result<(), RecordsError> {
        if let Some(record) = self.records().get_mut(key) {
            record.result.get_or_insert_with(|| result.clone());
        }
        Ok(())
    }

    fn find(&self, key: &RequestKey) -> Result<Option<Record>, RecordsError> {
        Ok(self.records().get(key).cloned())
    }

    fn unfinished(&self) -> Result<Vec<Agreed>, RecordsError> {
        let records = self.records();
        let unknown = records.values().filter(|record| record.result.is_none());
        Ok(unknown.map(|record| record.agreed.clone()).collect())
    }

    fn spent_minor(
        &self,
        person: &str,
        app_id: &str,
        currency: Currency,
        since_ms: i64,
    ) -> Result<i64, RecordsError> {
        Ok(spent(&self.records(), person, app_id, currency, since_ms))
    }
}

fn spent(
    records: &BTreeMap<RequestKey, Record>,
    person: &str,
    app_id: &str,
    currency: Currency,
    since_ms: i64,
) -> i64 {
    let counts = |record: &&Record| {
        let agreed = &record.agreed;
        agreed.person == person
            && agreed.app_id == app_id
            && agreed.currency == currency
            && agreed.at_ms > since_ms
            && agreed.ask.spends()
            && matches!(record.result, None | Some(PaymentResult::Paid(_)))
    };
    let amounts = records.values().filter(counts);
    amounts.fold(0, |sum: i64, record| {
        sum.saturating_add(record.agreed.amount_minor)
    })
}
