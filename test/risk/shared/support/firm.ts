import { ManualClock, PortcullisError } from '../../../../src/core/index.ts';
import {
  KillSwitch,
  type KillSwitchChange,
  type KillSwitchOptions,
  SharedKillSwitch,
  type SharedKillSwitchOptions,
} from '../../../../src/risk/index.ts';
import {
  type JsonValue,
  MemoryStateSignals,
  MemoryStateStore,
  type SetOptions,
  type SetResult,
  type StateEntry,
} from '../../../../src/storage/index.ts';
import { settle } from '../../../support/state-stores.ts';
import { AT_MS, workingOrders } from '../../support/kill-switch.ts';

export const KEY = 'shared-kill-switch';

/** The store that all share: it may be away, for one process or for all, answer late, or lose what it has. */
export class SharedStore {
  readonly store = new MemoryStateStore({ clock: new ManualClock() });
  isAway = false;
  hangs = false;
  /** Called before a write. */
  onWrite: () => Promise<void> | void = () => undefined;
  /** Whether a write is carried out and then fails all the same. */
  failsAfterWrite = false;
  writes = 0;

  async get(key: string): Promise<StateEntry | undefined> {
    await this.#reach();
    return await this.store.get(key);
  }

  async set(key: string, value: JsonValue | object, options?: SetOptions): Promise<SetResult> {
    await this.#reach();
    await this.onWrite();
    this.writes += 1;
    const result = await this.store.set(key, value, options);
    if (this.failsAfterWrite) throw new PortcullisError('STORE_UNAVAILABLE', 'the answer was lost');
    return result;
  }

  lose(): Promise<unknown> {
    return this.store.delete(KEY);
  }

  put(value: object): Promise<unknown> {
    return this.store.set(KEY, value);
  }

  async #reach(): Promise<void> {
    if (this.hangs) await new Promise(() => undefined);
    if (this.isAway) throw new PortcullisError('STORE_UNAVAILABLE', 'the server is away');
  }
}

export interface Firm {
  readonly clock: ManualClock;
  readonly server: SharedStore;
  readonly signals: MemoryStateSignals | undefined;
}

export const firm = ({ isPushed = true }: { readonly isPushed?: boolean } = {}): Firm => ({
  clock: new ManualClock(AT_MS),
  server: new SharedStore(),
  signals: isPushed ? new MemoryStateSignals() : undefined,
});

export interface Member {
  readonly killSwitch: KillSwitch;
  readonly shared: SharedKillSwitch;
  readonly changes: KillSwitchChange[];
  /** What was cancelled. */
  readonly calls: unknown[];
  readonly disk: MemoryStateStore;
}

/** One process. With the disk of another it is that one, started again. */
export async function join(
  { clock, server, signals }: Firm,
  {
    disk,
    options = {},
    killSwitchOptions = {},
    store = server,
  }: {
    readonly disk?: MemoryStateStore;
    readonly options?: SharedKillSwitchOptions;
    readonly killSwitchOptions?: KillSwitchOptions;
    readonly store?: SharedStore;
  } = {},
): Promise<Member> {
  const own = disk ?? new MemoryStateStore({ clock });
  const killSwitch = await KillSwitch.open({ store: own, clock }, disk === undefined, killSwitchOptions);
  const changes: KillSwitchChange[] = [];
  killSwitch.onChange((change) => {
    if (change.kind !== 'confirmed') changes.push(change);
  });
  const { calls, port } = workingOrders();
  killSwitch.attach(port);
  const deps = { killSwitch, store, clock, ...(signals && { signals }) };
  const shared = await SharedKillSwitch.open(deps, { settleMs: 0, ...options });
  return { killSwitch, shared, changes, calls, disk: own };
}

export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 6; turn += 1) await settle();
};

/** The way of one process to what all share, which may be away for it alone. */
export function reachOf({ server }: Firm): SharedStore {
  const own = new SharedStore();
  (own as { store: unknown }).store = server.store;
  return own;
}

/** Every process looks by its timer. */
export async function poll({ clock }: Firm): Promise<void> {
  clock.advance(500);
  await settled();
}
