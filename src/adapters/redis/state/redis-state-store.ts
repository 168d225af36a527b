import type { Clock } from '../../../core/clock.ts';
import { type JsonValue, toJsonText } from '../../../storage/json.ts';
import { checkKey, checkOptions, checkServerWrites, isKeyPrefix } from '../../../storage/state-input.ts';
import type {
  DeleteOptions,
  DeleteResult,
  SetOptions,
  SetResult,
  StateEntry,
  StateStore,
  StateWrite,
} from '../../../storage/state-store.ts';
import type { Logger } from '../../../telemetry/index.ts';
import type { CreateRedisClient } from '../redis-client.ts';
import type { RedisConnection } from '../redis-connection.ts';
import { RedisConnections } from '../redis-connections.ts';
import { unavailable } from '../redis-failure.ts';
import {
  type RedisServerOptions,
  type RedisServerSettings,
  redisServerSettings,
} from './redis-server-options.ts';
import { ServerTime } from './server-time.ts';
import { stateFailures } from './state-failure.ts';
import { DELETE, GET, LIST, SET, SET_ALL, stateKeys } from './state-scripts.ts';

export interface RedisStateDeps {
  readonly clock: Clock;
  /** In [0, 1), for back-off. Default: of the machine. */
  readonly random?: (() => number) | undefined;
  readonly logger?: Logger | undefined;
  /** Makes the client of one attempt to connect. Default: `createClient` of `@redis/client`. */
  readonly createClient?: CreateRedisClient | undefined;
}

/** What runs on the server: a script that reads its keys, and its reply. */
type Script = Pick<typeof SET, 'run'>;

/**
 * A state store on a Redis server, 6.2 or newer, for more than one process: those that open it with the same prefix and name
 * have the same entries, changed one at a time by scripts. Times to live are kept by the server's wall clock. Versions are its
 * time in microseconds, or one more than the last: a server that has come back empty gives greater ones than before, as
 * long as its clock has not been set back over what it has lost.
 *
 * Every method rejects with `STORE_UNAVAILABLE` at once while there is no connection, which comes back by itself, and when no
 * answer has come within `commandTimeoutMs`. **Whether a write that was rejected so has been made is not known.** It is made
 * within about `commandTimeoutMs` after the call or not at all, also by a server that hung and goes on later: read the entry
 * after that, and tell by its value whose it is. A compare-and-set whose first answer was lost conflicts with itself.
 *
 * **What a server can lose.** With `appendfsync everysec` the last second of writes when its machine dies, though their promises
 * have resolved; with `always`, nothing; without `appendonly`, all since the last dump. A failover to a replica loses what had not been
 * copied, and an old master that has not noticed takes writes which are lost in the end. So a compare-and-set that has won
 * can be undone, and another process can win the same one: two holders of a lease, for as long as the first does not look.
 * Versions tell them apart only where the other side checks them (a fencing token). Where that must not be, keep the entry in
 * PostgreSQL. `maxmemory-policy` has to be `noeviction`: a server that evicts loses entries by itself.
 */
export class RedisStateStore implements StateStore {
  readonly #settings: RedisServerSettings;
  readonly #keys: readonly string[];
  readonly #connections: RedisConnections;
  readonly #connection: RedisConnection;
  readonly #serverTime: ServerTime;
  readonly #failure: (method: string, error: unknown) => Error;
  readonly #underWay = new Set<Promise<void>>();
  #closed: Promise<void> | undefined;

  private constructor(settings: RedisServerSettings, deps: RedisStateDeps) {
    const { prefix, name } = settings;
    this.#settings = settings;
    this.#keys = stateKeys(prefix, name);
    this.#failure = stateFailures(`state store ${name} on Redis`, settings);
    this.#connections = new RedisConnections(settings, deps);
    this.#connection = this.#connections.open('state');
    this.#serverTime = new ServerTime(this.#connection, deps.clock);
  }

  /**
   * Connects.
   *
   * @throws {PortcullisError} `OPTION_INVALID`; `STORE_UNAVAILABLE` when the server was not there, or did not let it in, within
   * `connectTimeoutMs`
   */
  static async open(options: RedisServerOptions, deps: RedisStateDeps): Promise<RedisStateStore> {
    const settings = redisServerSettings('RedisStateStore', options, deps);
    const store = new RedisStateStore(settings, deps);
    try {
      await store.#connection.connected(settings.connectTimeoutMs);
    } catch (error) {
      await store.close();
      throw store.#failure('open', error);
    }
    return store;
  }

  /** Why nothing can be read or written now; `undefined` while it can. */
  get error(): string | undefined {
    return this.#closed === undefined ? this.#connection.error : 'closed';
  }

  get(key: string): Promise<StateEntry | undefined> {
    return this.#answer('get', async () => {
      const text = (await this.#run(GET, [checkKey(key)])) as string | null;
      return text === null ? undefined : entryOf(key, text);
    });
  }

  set(key: string, value: JsonValue | object, options: SetOptions = {}): Promise<SetResult> {
    return this.#answer('set', async () => {
      checkKey(key);
      const { ttlMs = '', ifVersion = '' } = checkOptions(options);
      const text = toJsonText(`state ${key}`, value);
      const [outcome, version] = await this.#write(SET, [key, text, ttlMs, ifVersion]);
      return { outcome: outcome as SetResult['outcome'], version: Number(version) };
    });
  }

  setAll(entries: readonly StateWrite[]): Promise<void> {
    return this.#answer('setAll', async () => {
      const rows = checkServerWrites(entries);
      if (rows.length > 0)
        await this.#write(
          SET_ALL,
          rows.flatMap(({ key, text }) => [key, text]),
        );
    });
  }

  delete(key: string, options: DeleteOptions = {}): Promise<DeleteResult> {
    return this.#answer('delete', async () => {
      checkKey(key);
      const { ifVersion = '' } = checkOptions(options);
      const [outcome, version] = await this.#write(DELETE, [key, ifVersion]);
      if (outcome === 'conflict') return { outcome, version: Number(version) };
      return { outcome: outcome as 'deleted' | 'absent' };
    });
  }

  /** In pages of at most 1,000, each as it is when it is read, with room for others in between: what changes meanwhile may be there or not. */
  list(prefix: string): Promise<readonly StateEntry[]> {
    return this.#answer('list', async () => {
      const entries: StateEntry[] = [];
      if (!isKeyPrefix(prefix)) return entries;
      for (let after = ''; ;) {
        const [last = '', ...found] = (await this.#run(LIST, [prefix, after])) as readonly string[];
        for (let at = 0; at + 1 < found.length; at += 2)
          entries.push(entryOf(found[at] ?? '', found[at + 1] ?? ''));
        if (last === '') return entries;
        after = last;
      }
    });
  }

  /** Waits for what is under way, at most `commandTimeoutMs`. */
  close(): Promise<void> {
    this.#closed ??= Promise.allSettled(this.#underWay).then(() => {
      this.#connections.close();
    });
    return this.#closed;
  }

  /** What is written is checked within the call; what is thrown becomes a rejection. */
  #answer<T>(method: string, work: () => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) return Promise.reject(this.#failure(method, unavailable('it is closed')));
    const answer = work().catch((error: unknown) => {
      throw this.#failure(method, error);
    });
    const ended = answer.then(nothing, nothing);
    this.#underWay.add(ended);
    void ended.then(() => this.#underWay.delete(ended));
    return answer;
  }

  #run(script: Script, args: readonly (string | number)[]): Promise<unknown> {
    return script.run(this.#connection, this.#keys, args);
  }

  /** What the server says to be too late was not done: its clock has moved since it was looked at, or this process stood still. */
  async #write(script: Script, args: readonly (string | number)[]): Promise<readonly string[]> {
    for (let tries = 0; tries < 2; tries++) {
      const latestMs = this.#serverTime.in(this.#settings.commandTimeoutMs);
      const reply = (await this.#run(script, [latestMs, ...args])) as readonly string[];
      if (reply[0] !== 'late') return reply;
      await this.#serverTime.compare();
    }
    throw unavailable('the server came to it too late, and has not done it');
  }
}

const nothing = (): void => undefined;

function entryOf(key: string, text: string): StateEntry {
  const [version = '', expires = ''] = text.split(' ', 2);
  return {
    key,
    value: JSON.parse(text.slice(version.length + expires.length + 2)) as JsonValue,
    version: Number(version),
    expiresAtMs: expires === '-' ? undefined : Number(expires),
  };
}
