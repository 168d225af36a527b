import { FIRM, type Scope } from '../../src/risk/index.ts';
import { INSTRUMENTS } from './scenario-settings.ts';

/** The arguments of a step, taken one after the other. What is left over in the end was not understood. */
export class Words {
  readonly #words: string[];

  constructor(words: readonly string[]) {
    this.#words = [...words];
  }

  get count(): number {
    return this.#words.length;
  }

  peek(): string {
    return this.#words[0] ?? '';
  }

  /** @throws {Error} when nothing is left */
  next(what: string): string {
    const word = this.#words.shift();
    if (word === undefined) throw new Error(`expected ${what}`);
    return word;
  }

  /** The next word if it is a number. */
  number(): string | undefined {
    return /^-?\d+(\.\d+)?$/.test(this.peek()) ? this.#words.shift() : undefined;
  }

  /** Takes a word wherever it stands. */
  has(word: string): boolean {
    const at = this.#words.indexOf(word);
    if (at === -1) return false;
    this.#words.splice(at, 1);
    return true;
  }

  /** Takes a word and the one after it. */
  after(word: string): string | undefined {
    const at = this.#words.indexOf(word);
    if (at === -1) return undefined;
    const [, value] = this.#words.splice(at, 2);
    if (value === undefined) throw new Error(`expected something after ${word}`);
    return value;
  }

  instrument(): string | undefined {
    const at = this.#words.findIndex((word) => INSTRUMENTS.some((one) => one.instrumentId === word));
    return at === -1 ? undefined : this.#words.splice(at, 1)[0];
  }

  /** @throws {Error} for what nobody has taken */
  end(): void {
    if (this.#words.length > 0) throw new Error(`cannot be read: "${this.#words.join(' ')}"`);
  }
}

export function scopeOf(words: Words): Scope {
  for (const kind of ['venue', 'account', 'strategy', 'instrument'] as const) {
    const id = words.after(kind);
    if (id !== undefined) return { kind, id };
  }
  words.has('firm');
  return FIRM;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `250ms`, `5s`, `2m`, `1h` in milliseconds. */
export function spanOf(text: string): number {
  const [, count, unit] = /^(\d+)(ms|s|m|h)$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS[unit ?? ''] ?? NaN);
  if (!(ms > 0)) throw new Error(`expected a time such as 5s, got ${text}`);
  return ms;
}
