import { messageOf } from '../../core/message-of.ts';
import type { RedisClientPort } from './redis-client.ts';
import { unavailable } from './redis-failure.ts';

/** How a command ended. */
export type Settled =
  { readonly ok: true; readonly reply: unknown } | { readonly ok: false; readonly error: Error };

/** One client, from the attempt to its end. What it is asked settles at its end, whatever the client does. */
export class ClientSession {
  #client: RedisClientPort | undefined;
  #ended: Error | undefined;
  readonly #open = new Set<(settled: Settled) => void>();

  get isEnded(): boolean {
    return this.#ended !== undefined;
  }

  async open(
    made: RedisClientPort | Promise<RedisClientPort>,
    onLost: (error: unknown) => void,
  ): Promise<void> {
    const client = await made;
    this.#client = client;
    client.on('error', (error) => {
      onLost(error ?? new Error('the connection broke'));
    });
    client.on('end', () => {
      onLost(new Error('the connection was ended'));
    });
    try {
      if (!this.isEnded) await client.connect();
    } finally {
      if (this.isEnded) destroy(client); // it came to its end meanwhile, and may have a socket since
    }
  }

  send(args: readonly string[], settle: (settled: Settled) => void): void {
    const client = this.#client;
    if (this.#ended !== undefined || client === undefined) {
      settle({ ok: false, error: this.#ended ?? unavailable('not connected yet') });
      return;
    }
    this.#open.add(settle);
    const end = (settled: Settled): void => {
      if (this.#open.delete(settle)) settle(settled);
    };
    client.sendCommand(args).then(
      (reply) => {
        end({ ok: true, reply });
      },
      (error: unknown) => {
        end({ ok: false, error: error instanceof Error ? error : new Error(messageOf(error)) });
      },
    );
  }

  end(error: Error): void {
    if (this.isEnded) return;
    this.#ended = error;
    if (this.#client !== undefined) destroy(this.#client);
    for (const settle of [...this.#open]) {
      this.#open.delete(settle);
      settle({ ok: false, error });
    }
  }
}

function destroy(client: RedisClientPort): void {
  try {
    client.destroy();
  } catch {
    // it was closed already
  }
}
