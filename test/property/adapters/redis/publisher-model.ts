import type { SpilledEvent } from '../../../../src/adapters/redis/outgoing-event.ts';
import { PublishCounters } from '../../../../src/adapters/redis/publish-counters.ts';
import type { RedisClientPort } from '../../../../src/adapters/redis/redis-client.ts';
import { RedisConnection } from '../../../../src/adapters/redis/redis-connection.ts';
import { redisKeys } from '../../../../src/adapters/redis/redis-keys.ts';
import { RedisPublisher } from '../../../../src/adapters/redis/redis-publisher.ts';
import type { ManualClock } from '../../../../src/core/manual-clock.ts';
import { SpillQueue } from '../../../../src/events/spill-queue.ts';
import type { LogEntry } from '../../../../src/storage/append-log.ts';
import { MemoryAppendLog } from '../../../../src/storage/memory-append-log.ts';

/** What the publish script does, as a server keeps it. */
export class ModelServer {
  readonly streams = new Map<string, string[]>();
  readonly #applied = new Map<string, number>();
  readonly #ids = new Set<string>();
  refusal: string | undefined;

  reply(args: readonly string[]): unknown {
    if (args[0] === 'SCRIPT') return 'sha';
    if (this.refusal !== undefined) return new Error(this.refusal);
    const keys = args.slice(3, 3 + Number(args[2]));
    const [first = '', after, , , , , n = '', ...rest] = args.slice(3 + keys.length);
    const [stream = '', publisher = '', ...idKeys] = keys;
    const last = this.#applied.get(publisher) ?? -1;
    if (last < Number(after)) return new Error('GAP');
    const texts = rest.slice(0, Number(n));
    const idKeyOf = new Map(idKeys.map((key, at) => [Number(rest[texts.length + at]) - 1, key]));
    const entries = this.streams.get(stream) ?? [];
    this.streams.set(stream, entries);
    this.#applied.set(publisher, Math.max(last, Number(first) + texts.length - 1));
    return texts.map((text, at) => {
      if (Number(first) + at <= last) return '';
      const idKey = idKeyOf.get(at);
      if (idKey !== undefined && this.#ids.has(idKey)) return 'dup';
      if (idKey !== undefined) this.#ids.add(idKey);
      entries.push(text);
      return `${entries.length}-0`;
    });
  }
}

/** A connection whose other end the test moves. */
export class ModelClient implements RedisClientPort {
  readonly #server: ModelServer;
  readonly #pending: {
    readonly args: readonly string[];
    readonly resolve: (value: unknown) => void;
    readonly reject: (error: Error) => void;
  }[] = [];
  #onError: (error: Error) => void = () => undefined;
  isDead = false;

  constructor(server: ModelServer) {
    this.#server = server;
  }

  connect(): Promise<unknown> {
    return Promise.resolve();
  }

  sendCommand(args: readonly string[]): Promise<unknown> {
    if (args[0] === 'SCRIPT') return Promise.resolve('sha');
    return new Promise((resolve, reject) => this.#pending.push({ args, resolve, reject }));
  }

  destroy(): void {
    this.isDead = true;
  }

  on(event: string, listener: (error?: unknown) => void): void {
    if (event === 'error') this.#onError = listener;
  }

  /** Serves the next commands. */
  serve(count: number): void {
    for (const { args, resolve, reject } of this.#pending.splice(0, count)) {
      const reply = this.#server.reply(args);
      if (reply instanceof Error) reject(reply);
      else resolve(reply);
    }
  }

  /** The server does the next commands, and the connection breaks before any of their answers. */
  breakAfter(count: number): void {
    if (this.isDead) return;
    for (const { args } of this.#pending.splice(0, count)) this.#server.reply(args);
    this.#onError(new Error('cut'));
  }
}

/** One process with its publisher. */
export async function startProcess(
  world: { readonly clock: ManualClock; readonly server: ModelServer },
  name: string,
  options: { readonly left: readonly LogEntry[]; readonly maxWaiting: number; readonly batch: number },
) {
  const clients: ModelClient[] = [];
  const connection = new RedisConnection(
    { settings: {}, name, commandTimeoutMs: 1e9, connectTimeoutMs: 1e9, maxBackoffMs: 10 },
    {
      clock: world.clock,
      random: () => 1,
      createClient: () => {
        const client = new ModelClient(world.server);
        clients.push(client);
        return client;
      },
    },
  );
  const log = new MemoryAppendLog(options.left);
  const spill = await SpillQueue.open<SpilledEvent>(log, { maxRecords: 1e6 });
  const { maxWaiting, batch } = options;
  const publisher = new RedisPublisher(
    {
      keys: redisKeys('p'),
      overflow: { policy: 'spill', maxWaiting, blockTimeoutMs: 1e9, maxSpilled: 1e6 },
      ...{ publisher: name, batch, dedupeWindowMs: 1 },
    },
    {
      ...{ clock: world.clock, connection, counters: new PublishCounters('b', undefined), spill },
      generation: () => undefined,
    },
  );
  connection.start();
  await world.clock.turn();
  return { connection, log, publisher, client: (): ModelClient => clients.at(-1) as ModelClient };
}
