import { QUANTITY, TOKENS } from '../cluster/system-config.ts';

/** Rounds in which all is bought, so that there is something to sell, also while fills are late. */
const FIRST_ROUNDS = 5;

/** Makes orders at the market: each instrument in turn is bought in two rounds and sold in the next. */
export class OrderRequests {
  readonly #prefix: string;
  readonly #instrumentIds: readonly string[];
  #number = 0;

  /** @param prefix what intent ids begin with, not used before */
  constructor(prefix: string, instrumentIds: readonly string[]) {
    this.#prefix = prefix;
    this.#instrumentIds = instrumentIds;
  }

  next(): object {
    const { length } = this.#instrumentIds;
    const at = this.#number % length;
    const round = Math.floor(this.#number / length);
    const isBuy = round < FIRST_ROUNDS || round % 3 !== 0;
    this.#number += 1;
    return {
      intentId: `${this.#prefix}-${this.#number}`,
      instrumentId: this.#instrumentIds[at],
      side: isBuy ? 'buy' : 'sell',
      quantity: QUANTITY,
      price: { type: 'market', maxSlippageBps: 40 },
    };
  }
}

/** As it goes over a connection. */
export function requestBytes(host: string, order: object): Buffer {
  const body = JSON.stringify(order);
  return Buffer.from(
    `POST /orders HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${TOKENS.system}\r\n` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
