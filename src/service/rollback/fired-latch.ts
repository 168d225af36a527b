import type { StateStore } from '../../storage/state-store.ts';

const prefixOf = (version: string): string => `rollback/fired/${encodeURIComponent(version)}/`;

/** Which triggers of one version have fired, so that a restart of the same version does not fire them again. */
export class FiredLatch {
  readonly #state: StateStore | undefined;
  readonly #prefix: string;

  /** @param state without one it lasts as long as the process */
  constructor(version: string, state: StateStore | undefined) {
    this.#prefix = prefixOf(version);
    this.#state = state;
  }

  /** Names of the triggers that have fired. Rejects as the store does. */
  async fired(): Promise<readonly string[]> {
    const entries = (await this.#state?.list(this.#prefix)) ?? [];
    return entries.map(({ key }) => key.slice(this.#prefix.length));
  }

  async set(trigger: string, atMs: number): Promise<void> {
    await this.#state?.set(this.#prefix + trigger, { atMs });
  }

  async clear(trigger: string): Promise<void> {
    await this.#state?.delete(this.#prefix + trigger);
  }
}
