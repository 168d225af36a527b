/** Places of a price, a quantity or a rate: all are whole numbers of 10^-12. */
const AMOUNT_PLACES = 12;
/** A price times a quantity is exact at twice as many. */
const MONEY_PLACES = 2 * AMOUNT_PLACES;
const PLAIN = /^(\d{1,15})(?:\.(\d{1,12}))?$/;

/** A plain, non-negative decimal of at most 15 digits before and 12 after the point, in 10^-12; `undefined` for anything else. */
export function readAmount(text: string): bigint | undefined {
  const [, whole, part = ''] = PLAIN.exec(text) ?? [];
  return whole === undefined ? undefined : BigInt(whole + part.padEnd(AMOUNT_PLACES, '0'));
}

/** The shortest plain text of an amount. */
export const amountText = (amount: bigint): string => plain(amount, AMOUNT_PLACES);

/** What a quantity at a price is worth, exactly, in 10^-24. */
export const worth = (quantity: bigint, price: bigint): bigint => quantity * price;

/** An amount as money. */
export const money = (amount: bigint): bigint => amount * 10n ** BigInt(MONEY_PLACES - AMOUNT_PLACES);

/** Money times a rate, rounded at 8 places against whoever pays: a fee up, a rebate (negative rate) towards zero. */
export function moneyAtRate(amount: bigint, rate: bigint): bigint {
  const unit = 10n ** BigInt(MONEY_PLACES - 8);
  const scale = 10n ** BigInt(AMOUNT_PLACES) * unit;
  const exact = amount * rate;
  return (exact > 0n ? (exact + scale - 1n) / scale : exact / scale) * unit;
}

/** The shortest plain text of money. */
export const moneyText = (amount: bigint): string => plain(amount, MONEY_PLACES);

function plain(value: bigint, places: number): string {
  const digits = String(value < 0n ? -value : value).padStart(places + 1, '0');
  const part = digits.slice(-places).replace(/0+$/, '');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -places)}${part === '' ? '' : `.${part}`}`;
}

/** Reads signed money of at most 24 places, as `moneyText` writes it. */
export function readMoney(text: string): bigint {
  const [, sign, whole = '', part = ''] = /^(-?)(\d+)(?:\.(\d{1,24}))?$/.exec(text) ?? [];
  if (whole === '') throw new Error(`expected plain money, got ${text}`);
  const value = BigInt(whole + part.padEnd(MONEY_PLACES, '0'));
  return sign === '-' ? -value : value;
}
