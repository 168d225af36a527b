import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { LogLine } from '../../../examples/toy-exchange/exchange-log.ts';
import { type ExchangeRecord, recordOf } from '../torture/check/exchange-record.ts';

/** What the exchange's log says of orders, read on from where it was read last. Quotes, which are most of it, are left out. */
export class ExchangeTail {
  readonly #path: string;
  readonly #lines: LogLine[] = [];
  #offset = 0;

  constructor(directory: string) {
    this.#path = join(directory, 'exchange.log');
  }

  record(): ExchangeRecord {
    const file = openSync(this.#path, 'r');
    try {
      const bytes = Buffer.alloc(fstatSync(file).size - this.#offset);
      const text = bytes.subarray(0, readSync(file, bytes, 0, bytes.length, this.#offset));
      const whole = text.lastIndexOf('\n') + 1;
      this.#offset += whole;
      for (const line of text.subarray(0, whole).toString('utf8').split('\n'))
        if (line.includes('"clientId"')) this.#lines.push(JSON.parse(line) as LogLine);
    } finally {
      closeSync(file);
    }
    return recordOf(this.#lines);
  }
}
