import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { factSchema } from './facts.ts';

const FILE = 'exchange.log';

const lineSchema = z.strictObject({
  /** Counts from 1 without a gap. */
  n: z.int().min(1),
  /** Time of the exchange. */
  atMs: z.number(),
  /** What was asked: `place`, `cancel`, `market`, ... */
  op: z.string(),
  accountId: z.string().optional(),
  /** As it was asked. */
  request: z.unknown().optional(),
  /** All that came of it. */
  facts: z.array(factSchema),
});

/** A request and all that came of it: one line, so that a kill leaves all of it or nothing. */
export type LogLine = z.output<typeof lineSchema>;

/**
 * The witness: JSON lines, each written before anybody is answered. What is not in it did not happen, since a last line
 * that is not whole was never answered to.
 */
export class ExchangeLog {
  readonly #file: number;
  #count: number;

  private constructor(file: number, count: number) {
    this.#file = file;
    this.#count = count;
  }

  /** Opens or begins the log of a directory; a last line that is not whole is cut off. */
  static open(directory: string): { readonly log: ExchangeLog; readonly lines: readonly LogLine[] } {
    mkdirSync(directory, { recursive: true });
    const path = join(directory, FILE);
    const file = openSync(path, 'a+');
    const text = readFileSync(path);
    const whole = text.lastIndexOf('\n') + 1;
    if (whole < fstatSync(file).size) ftruncateSync(file, whole);
    const lines = parse(text.subarray(0, whole).toString('utf8'));
    return { log: new ExchangeLog(file, lines.length), lines };
  }

  append(line: Omit<LogLine, 'n'>): void {
    const bytes = Buffer.from(`${JSON.stringify({ n: this.#count + 1, ...line })}\n`);
    let written = 0;
    while (written < bytes.length) written += writeSync(this.#file, bytes, written);
    this.#count += 1;
  }

  close(): void {
    closeSync(this.#file);
  }
}

/**
 * What the exchange of a data directory did, from its own log: for whoever checks on it, also while it runs.
 *
 * @throws when a line is not what it should be
 */
export function readExchangeLog(directory: string): readonly LogLine[] {
  const path = join(directory, FILE);
  if (!existsSync(path)) return [];
  const text = readFileSync(path, 'utf8');
  return parse(text.slice(0, text.lastIndexOf('\n') + 1));
}

const parse = (text: string): LogLine[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line, at) => {
      const read = lineSchema.parse(JSON.parse(line));
      if (read.n !== at + 1) throw new Error(`exchange log: expected line ${at + 1}, got ${read.n}`);
      return read;
    });
