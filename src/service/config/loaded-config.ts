import { hash } from 'node:crypto';
import { canonicalJson } from '../../audit/canonical-json.ts';
import type { ConfigLine } from './explain-config.ts';
import type { SecretState, SecretWatch } from './secret-watch.ts';

/** A configuration that passed its schema, with the origin of every value. Watches its secrets until disposed. */
export interface LoadedConfig<T> extends Disposable {
  /** Nobody can change it; secrets in it may be rotated. */
  readonly value: T;
  /** The profile that was chosen. */
  readonly profile: string | undefined;
  /** SHA-256 over every path and value, secrets redacted: equal for equal settings, wherever they come from. */
  readonly hash: string;
  /** Every value with its source, as it was when it was loaded, without secrets. */
  explain(): readonly ConfigLine[];
  /** How fresh the secrets are: a service with a stale one is degraded, not down. */
  secrets(): readonly SecretState[];
  /** Looks for rotated secrets now. Never rejects: what failed stands in `secrets()`, and `onError` was told. */
  checkSecrets(): Promise<void>;
  /** Watches no more. Secrets keep the text that they have. */
  [Symbol.dispose](): void;
}

/** What `loadConfig` gives. */
export class WatchedConfig<T> implements LoadedConfig<T> {
  readonly value: T;
  readonly profile: string | undefined;
  readonly hash: string;
  readonly #lines: readonly ConfigLine[];
  readonly #watch: SecretWatch;

  constructor(value: T, profile: string | undefined, lines: readonly ConfigLine[], watch: SecretWatch) {
    this.value = value;
    this.profile = profile;
    this.#lines = lines;
    this.#watch = watch;
    this.hash = hash(
      'sha256',
      canonicalJson(Object.fromEntries(lines.map((line) => [line.path, line.value]))),
    );
  }

  explain(): readonly ConfigLine[] {
    return this.#lines;
  }

  secrets(): readonly SecretState[] {
    return this.#watch.states();
  }

  checkSecrets(): Promise<void> {
    return this.#watch.check();
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }
}
