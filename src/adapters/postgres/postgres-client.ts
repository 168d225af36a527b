import pg from 'pg';
import { readInteger } from './read-integer.ts';

/** What a client of `pg` can be told, beside what this package insists on. */
export type PostgresClientSettings = pg.ClientConfig;

/** What the server answers to one statement. */
export interface PostgresAnswer {
  readonly rows: readonly unknown[];
  /** Rows read or changed. */
  readonly rowCount: number | null;
  /** The statement as the server names it: `INSERT`, `COMMIT`. */
  readonly command: string;
}

/** What is used of a client of `pg`. Anything that does the same will do. */
export interface PostgresClientPort {
  /** Rejects when the server cannot be reached or does not let it in. */
  connect(): Promise<unknown>;
  /**
   * One at a time. Rejects with what the server says (`code` is the SQLSTATE), when the connection is lost, and when the server warns
   * that a synchronous standby may not have what was committed: without `code`, as nobody is to go on with that connection.
   */
  query(text: string, values: readonly unknown[]): Promise<PostgresAnswer>;
  /** Calls when the connection is lost: more than once is all right. */
  onEnd(listener: (error?: Error) => void): void;
  onNotification(listener: (message: PostgresNotification) => void): void;
  /** Ends the connection at once; a query under way rejects. */
  destroy(): void;
}

/** What came by NOTIFY. */
export interface PostgresNotification {
  readonly channel: string;
  readonly payload?: string | undefined;
}

/** Makes a client for one attempt to connect. The default is `Client` of `pg`. */
export type CreatePostgresClient = (settings: PostgresClientSettings) => PostgresClientPort;

export const defaultClient: CreatePostgresClient = (settings) => new DefaultClient(settings);

const INT8 = 20;
const TIMES = new Set([1082, 1083, 1114, 1184, 1266]);
const asText = (text: string): string => text;

/** `int8` as an integer that a number holds, or an error; dates and times as the server writes them; all else as `pg` does. */
const getTypeParser: pg.CustomTypesConfig['getTypeParser'] = (type, format): unknown => {
  const id: number = type;
  if (id === INT8) return readInteger;
  return TIMES.has(id) ? asText : pg.types.getTypeParser(type, format);
};

/** Function of the server that warns when it has given up waiting for a standby; its words depend on the language. */
const STANDBY_WAIT = 'SyncRepWaitForLSN';

class DefaultClient implements PostgresClientPort {
  readonly #client: pg.Client;
  #isUnconfirmed = false;

  constructor(settings: PostgresClientSettings) {
    this.#client = new pg.Client({ ...settings, types: { getTypeParser } });
    this.#client.on('notice', ({ routine }) => {
      if (routine === STANDBY_WAIT) this.#isUnconfirmed = true;
    });
  }

  connect(): Promise<unknown> {
    return this.#client.connect();
  }

  async query(text: string, values: readonly unknown[]): Promise<PostgresAnswer> {
    const answer: unknown = await this.#client.query(text, [...values]);
    if (this.#isUnconfirmed)
      throw new Error('the change was made, and the wait for a synchronous standby broken off');
    // Of several statements in one text, the last.
    return (Array.isArray(answer) ? answer.at(-1) : answer) as PostgresAnswer;
  }

  onEnd(listener: (error?: Error) => void): void {
    this.#client.on('error', listener);
    this.#client.on('end', listener);
  }

  onNotification(listener: (message: PostgresNotification) => void): void {
    this.#client.on('notification', listener);
  }

  destroy(): void {
    this.#client.connection.stream.destroy();
  }
}
