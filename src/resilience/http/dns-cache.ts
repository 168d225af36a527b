import { lookup as systemLookup } from 'node:dns/promises';
import type { Clock } from '../../core/clock.ts';

export interface ResolvedAddress {
  /** Without brackets. */
  readonly address: string;
  readonly family: 4 | 6;
}

/** Finds the addresses of a name; rejects when there are none. */
export type Lookup = (hostname: string) => Promise<readonly ResolvedAddress[]>;

interface Entry {
  readonly addresses: readonly ResolvedAddress[];
  readonly expiresMs: number;
  /** Where the next connection begins. */
  turn: number;
  /** Until when an address that did not take a connection comes last. */
  readonly deadUntilMs: Map<string, number>;
}

/** A lookup under way. */
interface Asking {
  readonly entry: Promise<Entry>;
  /** Who comes until then waits for it as well; later the name is asked for anew. */
  readonly untilMs: number;
}

/** A resolver that does not answer at all must not keep a name from ever being asked for again. */
const PATIENCE_MS = 5_000;

/** More names than any service asks. */
const MAX_NAMES = 1_000;

/** Says that the name does not exist, and not that nobody could be asked. */
const NO_SUCH_NAME = new Set(['ENOTFOUND', 'ENODATA']);

/**
 * Names and their addresses for as long as they hold. Connections take the addresses in turn; one that did not answer
 * comes last for the same time. When the resolver fails, the addresses known are used on.
 */
export class DnsCache {
  readonly #entries = new Map<string, Entry>();
  readonly #asking = new Map<string, Asking>();
  readonly #ttlMs: number;
  readonly #clock: Clock;
  readonly #lookup: Lookup;

  /** @param lookup default: the resolver of the system */
  constructor(ttlMs: number, clock: Clock, lookup: Lookup = lookupOfTheSystem) {
    this.#ttlMs = ttlMs;
    this.#clock = clock;
    this.#lookup = lookup;
  }

  /**
   * The addresses of a name in the order in which they are to be tried.
   *
   * @throws whatever the lookup rejects with
   */
  async addresses(hostname: string): Promise<readonly ResolvedAddress[]> {
    const known = this.#entries.get(hostname);
    const nowMs = this.#clock.monotonicMs();
    const entry = known !== undefined && nowMs < known.expiresMs ? known : await this.#ask(hostname, known);
    const { addresses, deadUntilMs } = entry;
    const start = entry.turn++ % addresses.length;
    const inTurn = [...addresses.slice(start), ...addresses.slice(0, start)];
    if (deadUntilMs.size === 0) return inTurn;
    const isDead = ({ address }: ResolvedAddress): boolean => nowMs < (deadUntilMs.get(address) ?? -Infinity);
    return [...inTurn.filter((one) => !isDead(one)), ...inTurn.filter(isDead)];
  }

  /** Tells that these did not take a connection. When none is left, the name is asked for anew. */
  failed(hostname: string, addresses: readonly string[]): void {
    const entry = this.#entries.get(hostname);
    if (entry === undefined) return;
    const untilMs = this.#clock.monotonicMs() + this.#ttlMs;
    for (const address of addresses) entry.deadUntilMs.set(address, untilMs);
    if (entry.addresses.every(({ address }) => entry.deadUntilMs.has(address))) {
      this.#entries.set(hostname, { ...entry, expiresMs: -Infinity, deadUntilMs: new Map() });
    }
  }

  /** Tells that this one took a connection. */
  worked(hostname: string, address: string): void {
    this.#entries.get(hostname)?.deadUntilMs.delete(address);
  }

  #ask(hostname: string, known: Entry | undefined): Promise<Entry> {
    const nowMs = this.#clock.monotonicMs();
    const asking = this.#asking.get(hostname);
    if (asking !== undefined && nowMs < asking.untilMs) return asking.entry;
    const untilMs = nowMs + PATIENCE_MS;
    const entry = this.#renew(hostname, known, untilMs);
    this.#asking.set(hostname, { entry, untilMs });
    return entry;
  }

  async #renew(hostname: string, known: Entry | undefined, untilMs: number): Promise<Entry> {
    try {
      const addresses = await this.#found(hostname, known);
      const expiresMs = this.#clock.monotonicMs() + this.#ttlMs;
      const entry = {
        addresses,
        expiresMs,
        turn: known?.turn ?? 0,
        deadUntilMs: known?.deadUntilMs ?? new Map<string, number>(),
      };
      this.#entries.delete(hostname);
      this.#entries.set(hostname, entry);
      if (this.#entries.size > MAX_NAMES) this.#forgetOldest();
      return entry;
    } finally {
      // Unless the name has been asked for anew meanwhile.
      if (this.#asking.get(hostname)?.untilMs === untilMs) this.#asking.delete(hostname);
    }
  }

  async #found(hostname: string, known: Entry | undefined): Promise<readonly ResolvedAddress[]> {
    try {
      const addresses = await this.#lookup(hostname);
      if (addresses.length > 0) return addresses;
      throw Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' });
    } catch (error) {
      if (known === undefined || isNoSuchName(error)) throw error;
      return known.addresses;
    }
  }

  #forgetOldest(): void {
    for (const name of this.#entries.keys()) {
      this.#entries.delete(name);
      return;
    }
  }
}

const isNoSuchName = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && NO_SUCH_NAME.has(String(error.code));

const lookupOfTheSystem: Lookup = async (hostname) => {
  const found = await systemLookup(hostname, { all: true });
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
};
