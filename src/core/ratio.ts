import type { Decimal } from './decimal.ts';
import { type Units, divideUp, units } from './units.ts';

/** A factor of 0 or more, as an exact fraction. */
export class Ratio {
  readonly numerator: number;
  readonly denominator: number;
  /** The same where numbers would round. */
  readonly #over: bigint;
  readonly #under: bigint;

  constructor(value: Decimal) {
    const places = Math.max(0, value.c.length - 1 - value.e);
    this.#under = 10n ** BigInt(places);
    this.#over = BigInt(value.toFixed(places).replace('.', ''));
    this.numerator = Number(this.#over);
    this.denominator = Number(this.#under);
  }

  /** An amount times the factor, rounded towards plus infinity; beyond the exact range plus or minus `Infinity`, NaN stays NaN. */
  up(amount: Units): Units {
    const product = amount * this.numerator;
    if (product >= 0 && product <= Number.MAX_SAFE_INTEGER && this.denominator <= Number.MAX_SAFE_INTEGER)
      return units(divideUp(product, this.denominator));
    if (!Number.isSafeInteger(amount)) return amount;
    const scaled = BigInt(amount) * this.#over;
    // Division of bigints cuts off: that is up below 0.
    const quotient = Number(scaled / this.#under + (scaled > 0n && scaled % this.#under > 0n ? 1n : 0n));
    if (Number.isSafeInteger(quotient)) return units(quotient);
    return units(quotient > 0 ? Infinity : -Infinity);
  }

  /** The same, rounded towards minus infinity. */
  down(amount: Units): Units {
    return units(0 - this.up(units(0 - amount)));
  }
}
