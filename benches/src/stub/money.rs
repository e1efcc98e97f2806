//! `payments`, refused.

use lapak_host::bindings::lapak::app::payments;

use super::Stub;

type Paying<T> = Result<T, payments::Error>;

impl payments::Host for Stub {
    fn order(&mut self, _: String, _: Vec<payments::Wanted>) -> Paying<u32> {
        Err(payments::Error::AccessDenied)
    }

    fn take_signed(&mut self, _: u32) -> Paying<Result<Vec<u8>, payments::OrderRefusal>> {
        Err(payments::Error::AccessDenied)
    }

    fn request_payment(&mut self, _: Vec<u8>) -> Paying<u32> {
        Err(payments::Error::AccessDenied)
    }

    fn request_refund(&mut self, _: Vec<u8>) -> Paying<u32> {
        Err(payments::Error::AccessDenied)
    }

    fn transfer(&mut self, _: String, _: payments::Money, _: String) -> Paying<u32> {
        Err(payments::Error::AccessDenied)
    }

    fn pay_bill(&mut self, _: String, _: String, _: payments::Money) -> Paying<u32> {
        Err(payments::Error::AccessDenied)
    }

    fn take(&mut self, _: u32) -> Paying<payments::Outcome> {
        Err(payments::Error::AccessDenied)
    }

    fn query(&mut self, _: String, _: String) -> Paying<u32> {
        Err(payments::Error::AccessDenied)
    }

    fn take_order(&mut self, _: u32) -> Paying<payments::OrderState> {
        Err(payments::Error::AccessDenied)
    }
}
