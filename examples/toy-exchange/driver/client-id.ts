/** Marks ids of ours at an exchange whose ids begin with a letter. */
const PREFIX = 'P';
const RADIX = 36;
/** 36^25 is more than 2^128. */
const DIGITS = 25;
const OURS = /^[0-9a-f]{32}$/;
const THEIRS = /^P[0-9A-Z]{25}$/;
const LIMIT = 1n << 128n;

/** Our id of 128 bits as the exchange takes it: `P` and 25 digits of base 36; `undefined` for what is none of ours. */
export function toExchangeId(clientOrderId: string): string | undefined {
  if (!OURS.test(clientOrderId)) return undefined;
  return PREFIX + BigInt(`0x${clientOrderId}`).toString(RADIX).toUpperCase().padStart(DIGITS, '0');
}

/** Our id behind an id at the exchange; `undefined` when the order was not placed with one. */
export function fromExchangeId(clientId: string): string | undefined {
  if (!THEIRS.test(clientId)) return undefined;
  let value = 0n;
  for (const digit of clientId.slice(1)) value = value * BigInt(RADIX) + BigInt(parseInt(digit, RADIX));
  return value < LIMIT ? value.toString(16).padStart(32, '0') : undefined;
}
