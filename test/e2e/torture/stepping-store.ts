import type {
  DeleteOptions,
  DeleteResult,
  JsonValue,
  SetOptions,
  SetResult,
  StateEntry,
  StateStore,
  StateWrite,
} from 'portcullis/storage';
import type { KillPoint } from './kill-point.ts';

/** A state store that names its steps, after what is being done to it. */
export class SteppingStore implements StateStore {
  /** What the kill switch is being used for. */
  phase: 'trip' | 'release' | 'other' = 'other';
  readonly #inner: StateStore;
  readonly #point: KillPoint;

  constructor(inner: StateStore, point: KillPoint) {
    this.#inner = inner;
    this.#point = point;
  }

  get(key: string): Promise<StateEntry | undefined> {
    return this.#inner.get(key);
  }

  async set(key: string, value: JsonValue | object, options?: SetOptions): Promise<SetResult> {
    const what = key === 'kill-switch' ? `kill-switch.${this.phase}` : 'archive';
    this.#point.at(`${what}.before`);
    const result = await this.#inner.set(key, value, options);
    this.#point.at(`${what}.written`);
    return result;
  }

  async setAll(entries: readonly StateWrite[]): Promise<void> {
    this.#point.at('archive.orders.before');
    await this.#inner.setAll(entries);
    this.#point.at('archive.orders.written');
  }

  delete(key: string, options?: DeleteOptions): Promise<DeleteResult> {
    return this.#inner.delete(key, options);
  }

  list(prefix: string): Promise<readonly StateEntry[]> {
    return this.#inner.list(prefix);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
