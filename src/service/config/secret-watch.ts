import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { type Secret, putText, referenceOf } from './secret.ts';
import type { SecretReader, SecretVault } from './secret-reader.ts';
import { type SecretReference, referenceText } from './secret-reference.ts';

/** A secret of a configuration, and where in it. */
export interface HeldSecret {
  readonly path: string;
  readonly secret: Secret;
}

/** How fresh a secret is. */
export interface SecretState {
  readonly path: string;
  /** Where it is read from, such as `file:/run/secrets/key`. */
  readonly reference: string;
  /** `stale`: the last look failed, and the text is that of an earlier one. */
  readonly state: 'fresh' | 'stale';
  /** When it was last read, wall time. */
  readonly readAtMs: number;
  /** Why the last look failed. */
  readonly reason?: string;
}

export interface SecretWatchDeps {
  readonly clock: Clock;
  readonly reader: SecretReader;
  readonly vault: SecretVault | undefined;
  readonly onError: (error: PortcullisError) => void;
}

interface Entry {
  readonly held: HeldSecret;
  readonly reference: SecretReference;
  readAtMs: number;
  reason: string | undefined;
  looking: Promise<void> | undefined;
  /** Something changed while it was being looked at. */
  isBehind: boolean;
}

/** Looks for rotated secrets. A look that fails changes nothing but the state, and is told once until it is over or another. */
export class SecretWatch implements Disposable {
  readonly #deps: SecretWatchDeps;
  readonly #entries: readonly Entry[];
  readonly #stopped = new AbortController();
  readonly #ends: Disposable[] = [];

  /** @param secrets each of them read a moment ago */
  constructor(secrets: readonly HeldSecret[], deps: SecretWatchDeps) {
    this.#deps = deps;
    const readAtMs = deps.clock.nowMs();
    this.#entries = secrets.flatMap((held) => {
      const reference = referenceOf(held.secret);
      const state = { readAtMs, reason: undefined, looking: undefined, isBehind: false };
      return reference === undefined ? [] : [{ held, reference, ...state }];
    });
  }

  /** Watches from now on: what a vault tells of at once, all else every `pollMs`. */
  start(pollMs: number): void {
    const polled: Entry[] = [];
    for (const entry of this.#entries) {
      const { reference } = entry;
      if (reference.kind === 'vault' && this.#deps.vault?.watch !== undefined) {
        this.#subscribe(entry, reference.reference);
      } else if (reference.kind === 'vault' || reference.kind === 'file') {
        polled.push(entry);
      }
    }
    if (polled.length === 0) return;
    this.#ends.push(
      this.#deps.clock.every(pollMs, () => {
        for (const entry of polled) void this.#look(entry);
      }),
    );
  }

  /** Looks at every secret now; resolves when that is done. Never rejects. */
  async check(): Promise<void> {
    const rotating = this.#entries.filter(({ reference }) => ['file', 'vault'].includes(reference.kind));
    await Promise.all(rotating.map((entry) => this.#look(entry)));
  }

  states(): readonly SecretState[] {
    return this.#entries.map(({ held, reference, readAtMs, reason }) => ({
      path: held.path,
      reference: referenceText(reference),
      state: reason === undefined ? 'fresh' : 'stale',
      readAtMs,
      ...(reason !== undefined && { reason }),
    }));
  }

  [Symbol.dispose](): void {
    this.#stopped.abort();
    for (const end of this.#ends.splice(0)) end[Symbol.dispose]();
  }

  #subscribe(entry: Entry, reference: string): void {
    try {
      const watch = this.#deps.vault?.watch?.(reference, () => void this.#look(entry));
      if (watch !== undefined) this.#ends.push(watch);
    } catch {
      this.#fail(entry, `secret vault:${reference} cannot be watched`);
    }
  }

  /** One look at a time; a change that is told meanwhile is looked for afterwards. */
  #look(entry: Entry): Promise<void> {
    entry.isBehind = entry.looking !== undefined;
    entry.looking ??= this.#lookUntilThere(entry).finally(() => (entry.looking = undefined));
    return entry.looking;
  }

  async #lookUntilThere(entry: Entry): Promise<void> {
    const { signal } = this.#stopped;
    let again = true;
    while (again && !signal.aborted) {
      entry.isBehind = false;
      await this.#lookOnce(entry, signal);
      again = isBehind(entry);
    }
  }

  async #lookOnce(entry: Entry, signal: AbortSignal): Promise<void> {
    try {
      const { text } = await this.#deps.reader.read(entry.reference, signal);
      if (signal.aborted) return;
      entry.readAtMs = this.#deps.clock.nowMs();
      entry.reason = undefined;
      const thrown = putText(entry.held.secret, text).length;
      if (thrown > 0) {
        const message = `${entry.held.path}: ${thrown} listener${thrown === 1 ? '' : 's'} of its rotation failed`;
        this.#tell(new PortcullisError('CALLBACK_FAILED', message));
      }
    } catch (error) {
      if (!signal.aborted) this.#fail(entry, error instanceof PortcullisError ? error.message : 'it failed');
    }
  }

  #fail(entry: Entry, reason: string): void {
    if (entry.reason === reason) return;
    entry.reason = reason;
    const message = `${entry.held.path}: ${reason}; the last good text stays in use`;
    this.#tell(new PortcullisError('SECRET_UNREADABLE', message, { details: { field: entry.held.path } }));
  }

  /** A listener that throws does not end the watch. */
  #tell(error: PortcullisError): void {
    try {
      this.#deps.onError(error);
    } catch {
      // It was told.
    }
  }
}

/** A look of its own, as it changes while others wait. */
const isBehind = (entry: Entry): boolean => entry.isBehind;
