/** 2990 of EUR, in the currency's smallest unit, as people write it: "29.90 EUR". */
export function moneyText(amount: number, currency: string): string {
  return `${amountText(amount, currency)} ${currency}`;
}

/** The number alone, with as many decimals as the currency has (ISO 4217): 2990 of JPY is "2990". */
export function amountText(amount: number, currency: string): string {
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  const { maximumFractionDigits: digits = 2 } = format.resolvedOptions();
  return (amount / 10 ** digits).toFixed(digits);
}
