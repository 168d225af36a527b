import { appendFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type Quote, checkQuotes } from './quote.ts';

const answerSchema = z.strictObject({ quotes: z.array(z.unknown()).max(1000) });

/** Asks a source for quotes every second, checks each, writes it as a line of JSON, keeps the last of each instrument. */
export class Ingestor {
  url = process.env['QUOTES_URL'] ?? 'http://127.0.0.1:4010/v1/quotes';
  file = process.env['QUOTES_FILE'] ?? 'quotes.jsonl';
  everyMs = 1000;
  readonly rules = { instruments: new Set(['BTC-USD', 'ETH-USD']), maxAheadMs: 1000 };
  readonly last = new Map<string, Quote>();

  /** Goes on until the signal aborts. */
  async ingest(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.poll(signal).catch((error: unknown) => {
        console.error(JSON.stringify({ level: 'warn', msg: 'poll failed', error: String(error) }));
      });
      await sleep(this.everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async poll(signal: AbortSignal): Promise<void> {
    const answer = await fetch(this.url, { signal: AbortSignal.any([signal, AbortSignal.timeout(2000)]) });
    if (!answer.ok) throw new Error(`${this.url} answered ${answer.status}`);
    const { quotes } = answerSchema.parse(await answer.json());
    const { accepted } = checkQuotes(quotes, this.last, { ...this.rules, nowMs: Date.now() });
    if (accepted.length === 0) return;
    await appendFile(this.file, accepted.map((quote) => `${JSON.stringify(quote)}\n`).join(''));
    for (const quote of accepted) this.last.set(quote.instrumentId, quote);
  }
}
