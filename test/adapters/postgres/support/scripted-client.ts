import type {
  CreatePostgresClient,
  PostgresAnswer,
  PostgresClientPort,
  PostgresClientSettings,
  PostgresNotification,
} from '../../../../src/adapters/postgres/index.ts';

interface Asked {
  readonly text: string;
  readonly values: readonly unknown[];
  answer(rows?: readonly unknown[], command?: string): void;
  refuse(error: unknown): void;
}

/** An error as the server words it. */
export const serverError = (code: string, message = 'the server says no'): Error =>
  Object.assign(new Error(message), { code, severity: 'ERROR' });

/** A client that answers when the test says so, the words of a new session apart. */
export class ScriptedClient implements PostgresClientPort {
  readonly settings: PostgresClientSettings;
  readonly asked: Asked[] = [];
  readonly connecting = Promise.withResolvers<undefined>();
  isDestroyed = false;
  readonly #onEnd: ((error?: Error) => void)[] = [];
  readonly #onNotification: ((message: PostgresNotification) => void)[] = [];

  constructor(settings: PostgresClientSettings) {
    this.settings = settings;
  }

  connect(): Promise<unknown> {
    return this.connecting.promise;
  }

  query(text: string, values: readonly unknown[]): Promise<PostgresAnswer> {
    if (text.includes('set_config') && text.includes('server_version_num'))
      return Promise.resolve({ rows: [this.version], rowCount: 1, command: 'SELECT' });
    return new Promise((resolve, reject) => {
      this.asked.push({
        text,
        values,
        answer: (rows = [], command = text.split(' ')[0] ?? '') => {
          resolve({ rows, rowCount: rows.length, command });
        },
        refuse: reject,
      });
    });
  }

  version = { version: 150_004, encoding: 'UTF8' };

  onEnd(listener: (error?: Error) => void): void {
    this.#onEnd.push(listener);
  }

  onNotification(listener: (message: PostgresNotification) => void): void {
    this.#onNotification.push(listener);
  }

  destroy(): void {
    this.isDestroyed = true;
  }

  /** The connection is lost. */
  lose(error?: Error): void {
    for (const listener of this.#onEnd) listener(error);
  }
}

/** The clients that were made, the newest last. */
export function scriptedClients(
  onMade: (client: ScriptedClient) => void = (client) => client.connecting.resolve(undefined),
): {
  readonly made: ScriptedClient[];
  readonly createClient: CreatePostgresClient;
} {
  const made: ScriptedClient[] = [];
  return {
    made,
    createClient: (settings) => {
      const client = new ScriptedClient(settings);
      made.push(client);
      onMade(client);
      return client;
    },
  };
}
