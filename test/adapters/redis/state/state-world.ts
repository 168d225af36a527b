import type { RedisClientSettings } from '../../../../src/adapters/redis/index.ts';
import { RedisRateLimit, RedisStateSignals, RedisStateStore } from '../../../../src/adapters/redis/index.ts';
import { ManualClock } from '../../../../src/core/manual-clock.ts';
import { ScriptedClient } from '../scripted-client.ts';

/** A client whose server is the test, and which can be published to. */
export class ScriptedSubscriber extends ScriptedClient {
  readonly channels = new Map<string, (message: string) => unknown>();
  /** Of `subscribe`: what it is answered. */
  subscribed: () => Promise<unknown> = () => Promise.resolve();

  async subscribe(channel: string, listener: (message: string) => unknown): Promise<unknown> {
    await this.subscribed();
    return this.channels.set(channel, listener);
  }
}

/** The server's wall time when the clock of the process starts. */
export const SERVER_MS = 1_795_000_000_123;

/** A server that is the test. */
export class StateWorld {
  readonly clock = new ManualClock();
  readonly clients: ScriptedSubscriber[] = [];
  /** Names of the connections, in the order in which they were made. */
  readonly names: string[] = [];
  role = 'master';
  /** By which the server's clock has been moved. */
  movedMs = 0;
  /** Made of each new client. */
  prepare: (client: ScriptedSubscriber) => void = (client) => client.accept();
  /** Answers what is not about the connection; undefined leaves it to the test. */
  answer: (args: readonly string[]) => unknown = () => undefined;

  readonly createClient = (settings: RedisClientSettings): ScriptedSubscriber => {
    const client = new ScriptedSubscriber();
    this.names.push(String(settings.name));
    client.answer = (args) => {
      if (args[0] === 'ROLE') return [this.role, 0, []];
      if (args[0] === 'PING') return 'PONG';
      return args[0] === 'TIME' ? this.#time() : this.answer(args);
    };
    this.clients.push(client);
    this.prepare(client);
    return client;
  };

  get #deps() {
    return { clock: this.clock, createClient: this.createClient, random: () => 1 };
  }

  async store(options: object = {}): Promise<RedisStateStore> {
    return this.#opened(RedisStateStore.open(options, this.#deps));
  }

  async signals(options: object = {}): Promise<RedisStateSignals> {
    return this.#opened(RedisStateSignals.open(options, this.#deps));
  }

  async rate(options: object = {}): Promise<RedisRateLimit> {
    const rate = RedisRateLimit.open(options, this.#deps);
    await this.turns();
    return rate;
  }

  /** Of the connection that was made last under this name. */
  client(of: string): ScriptedSubscriber {
    const at = this.names.findLastIndex((name) => name.endsWith(of));
    const client = this.clients[at];
    if (client === undefined) throw new Error(`no connection ${of}`);
    return client;
  }

  async turns(): Promise<void> {
    for (let count = 0; count < 5; count++) await this.clock.turn();
  }

  async #opened<T>(opening: Promise<T>): Promise<T> {
    await this.turns();
    return opening;
  }

  #time(): readonly [string, string] {
    const ms = SERVER_MS + this.movedMs + this.clock.monotonicMs();
    return [String(Math.floor(ms / 1_000)), String((ms % 1_000) * 1_000)];
  }
}
