//! The wallet, in a real browser: consent, sending money, taking trust back.

mod support;

use support::Server;
use support::browser::Browser;
use support::sheet::{PIN, to_the_sheet};

const WARUNG: &str = "examples/warung";
const DOMPET: &str = "examples/dompet";
/// What everybody begins with.
const WELCOME: i64 = lapak_preview::demo::WELCOME_MINOR;

/// The wallet: asked once whether it may see the accounts, then money goes to a relative, in Indonesian and in the dark.
#[tokio::test(flavor = "multi_thread")]
async fn the_wallet_sends_money_to_a_relative() {
    let server = Server::of(&[DOMPET]).await;
    let browser = Browser::start(390, 844).await;
    browser
        .open(&server.url("/a/dompet?lang=id&scheme=dark"))
        .await;
    browser.until_sheet("Izinkan Dompet melihat").await;
    browser.until_sheet("Untuk menampilkan saldo").await;
    browser.screenshot("consent").await;
    browser.tap_sheet("allow").await;
    browser.until_no_sheet().await;
    browser
        .until_text("[data-key=balance]", "Rp 2.000.000")
        .await;
    browser.screenshot("dompet").await;
    browser.click("[data-key='action.send']").await;
    browser.click("[data-key=ibu]").await;
    browser.type_into("[data-key=amount]", "150000").await;
    browser.type_into("[data-key=note]", "Untuk belanja").await;
    browser
        .until_text("[data-key=send]", "Kirim Rp 150.000")
        .await;
    browser.screenshot("dompet-send").await;
    browser.click("[data-key=send]").await;
    browser.until_sheet("Kirim uang ke Ibu Sri Lestari").await;
    browser.until_sheet("Untuk belanja").await;
    browser.tap_sheet("continue").await;
    browser.until_sheet("Pilih PIN").await;
    browser.screenshot("sheet-dark").await;
    browser.tap_digits(PIN).await;
    browser.tap_sheet("agree").await;
    browser.until_sheet("Sekali lagi").await;
    browser.tap_digits(PIN).await;
    browser.tap_sheet("agree").await;
    browser.until_sheet("Terkirim").await;
    browser.screenshot("sheet-sent").await;
    browser.tap_sheet("done").await;
    browser.until_no_sheet().await;
    browser
        .until_text("[data-key=balance]", "Rp 1.850.000")
        .await;
    browser.until_text("[data-key=recent]", "Ibu").await;
    browser.screenshot("dompet-sent").await;
    assert_eq!(server.balance("person:ibu:IDR"), 15_000_000);
    let payer = server.persons_account();
    assert_eq!(server.balance(&payer), WELCOME - 15_000_000);
    server.books();
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

/// What was agreed to is on show and can be taken back; without its grant a payment is refused at the next call.
#[tokio::test(flavor = "multi_thread")]
async fn trust_is_shown_and_taken_back() {
    let server = Server::of(&[WARUNG, DOMPET]).await;
    let browser = Browser::start(1440, 960).await;
    browser.open(&server.url("/a/dompet")).await;
    browser.until_sheet("Let Dompet see more?").await;
    browser.tap_sheet("allow").await;
    browser
        .until_text("[data-key=balance]", "Rp 2.000.000")
        .await;
    browser.click("#tab-trust").await;
    browser
        .until_text("#panel-trust", "wallet is allowed")
        .await;
    browser.until_text("#panel-trust", "wallet.accounts").await;
    browser.screenshot("inspector-trust").await;
    browser.click("[data-take-back=wallet]").await;
    browser
        .until(
            "the answer is gone",
            "!document.querySelector('[data-take-back]')",
        )
        .await;
    // Opened again it asks again, and takes no for an answer.
    browser.open(&server.url("/a/dompet")).await;
    browser.until_sheet("Let Dompet see more?").await;
    browser.tap_sheet("refuse").await;
    browser
        .until_text("[data-key='bank-error']", "may not use payments")
        .await;

    browser.open(&server.url("/a/warung")).await;
    browser.click("[aria-label='Add Nasi goreng']").await;
    browser.click("#tabs [data-page='pages/basket']").await;
    browser.click("#tab-trust").await;
    let granted = "document.querySelector('[data-grant=payments]')?.checked";
    browser.until("payments are granted", granted).await;
    browser.click("[data-grant=payments]").await;
    browser
        .until("the grant is withdrawn", &format!("{granted} === false"))
        .await;
    browser.click("[data-key=pay]").await;
    browser
        .until_text("[data-key=not-paid]", "may not ask for payments")
        .await;
    browser.click("[data-grant=payments]").await;
    browser.until("it is granted again", granted).await;
    browser.click("[data-key=pay]").await;
    browser.until_sheet("Pay Warung Bu Sari").await;
    browser.tap_sheet("cancel").await;
    browser.until_text("#panel-trust", "cancelled").await;
}

/// Two sheets at once: the second waits for the first.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_sheet_waits_for_the_first() {
    let server = Server::of(&[DOMPET]).await;
    let browser = Browser::start(1280, 960).await;
    browser.open(&server.url("/a/dompet?page=pages/bill")).await;
    browser.until_sheet("Let Dompet see more?").await;
    // What is behind the sheet is out of a person's reach, so a script taps there.
    let fill = "const field = document.querySelector('[data-key=customer]'); field.value = '12345678901'; \
                field.dispatchEvent(new Event('input', { bubbles: true })); \
                document.querySelector(\"[data-key='50000']\").click();";
    browser
        .client
        .execute(fill, vec![])
        .await
        .expect("filled in");
    browser.until_text("[data-key=pay]", "Pay Rp 50.000").await;
    let pay = "document.querySelector('[data-key=pay]').click()";
    browser.client.execute(pay, vec![]).await.expect("tapped");
    browser.until_sheet("1 of 2").await;
    browser.until_sheet("Let Dompet see more?").await;
    browser.tap_sheet("allow").await;
    browser
        .until_sheet("Pay the bill of Listrik Nusantara")
        .await;
    browser.until_sheet("12345678901").await;
    browser.pay_with_a_new_pin().await;
    browser.until_sheet("Receipt").await;
    browser.tap_sheet("done").await;
    browser.until_no_sheet().await;
    browser
        .until_text("[data-key=balance]", "Rp 1.950.000")
        .await;
    assert_eq!(server.balance("merchant:listrik"), 5_000_000);
    server.books();
}

/// What `make screenshots` puts into the README.
#[tokio::test(flavor = "multi_thread")]
async fn pictures_for_the_readme() {
    let server = Server::of(&[WARUNG, DOMPET]).await;
    let browser = Browser::start(390, 844).await;
    browser.sharp(390, 844).await;
    to_the_sheet(&browser, &server).await;
    let ready = "!document.querySelector('#sheet [data-sheet=continue]').disabled";
    browser.until("the sheet takes taps", ready).await;
    browser.screenshot("payment-sheet").await;
    browser.pay_with_a_new_pin().await;
    browser.until_sheet("Receipt").await;
    browser.tap_sheet("done").await;
    browser.until_no_sheet().await;
    to_the_sheet(&browser, &server).await;
    browser.tap_sheet("continue").await;
    browser.until_sheet("Enter your PIN").await;
    browser.tap_digits("2804").await;
    browser.screenshot("payment-pin").await;
    browser.tap_sheet("back").await;
    browser.tap_sheet("cancel").await;
    browser.until_no_sheet().await;
    browser.open(&server.url("/a/dompet")).await;
    browser.until_sheet("Let Dompet see more?").await;
    browser.tap_sheet("allow").await;
    browser
        .until_text("[data-key=balance]", "Rp 1.940.000")
        .await;
    browser.until_text("[data-key=recent]", "Warung").await;
    browser.screenshot("dompet").await;
}
