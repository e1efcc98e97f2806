// Amounts as people read them.

/**
 * @param {string} amount whole and decimals as the host writes them: `47000.00`; exact, so never a number
 * @param {string} currency ISO 4217
 * @param {string} lang BCP 47
 */
export function money(amount, currency, lang) {
  // Rupiah are written the Indonesian way in every language, and nobody counts their hundredths: `Rp 47.000`.
  const rupiah = currency === 'IDR';
  // As many decimals as the host wrote: browsers round some currencies that ISO 4217 does not.
  const decimals = amount.split('.')[1]?.length ?? 0;
  const options = {
    style: 'currency', currency, minimumFractionDigits: decimals, maximumFractionDigits: decimals,
    trailingZeroDisplay: rupiah ? 'stripIfInteger' : 'auto',
  };
  const text = format(rupiah ? 'id-ID' : lang, options, amount);
  return text.replace(/\u00a0/g, ' ');
}

function format(lang, options, amount) {
  try {
    return new Intl.NumberFormat(lang, options).format(amount);
  } catch {
    // A language that the browser does not know.
    return `${options.currency} ${amount}`;
  }
}

/** Minutes and seconds until then, `0:00` at the least. @param {number} ms */
export function remaining(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
