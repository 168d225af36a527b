import type { Clock } from '../../core/clock.ts';
import type { PortcullisError } from '../../core/errors.ts';
import { patientDeadline } from '../../resilience/patient-deadline.ts';
import type { PostgresAnswer, PostgresClientPort, PostgresNotification } from './postgres-client.ts';
import { asFailure, unavailable } from './postgres-failure.ts';

interface PostgresLinkOptions {
  /** After which an attempt to connect is given up, milliseconds. */
  readonly connectTimeoutMs: number;
  /** After which a statement without an answer means that the server hangs, milliseconds. */
  readonly queryTimeoutMs: number;
}

interface PostgresLinkDeps {
  readonly clock: Clock;
  /** Takes secrets out of a text. */
  readonly clean: (text: string) => string;
}

type State = { readonly kind: 'open' } | { readonly kind: 'ended'; readonly error: PortcullisError };

/**
 * One connection, from its making to its end; it does not come back. Statements go one after the other. A server that does
 * not answer in time is taken for one that hangs: the connection is ended, and what was asked may have been done or not.
 */
export class PostgresLink {
  readonly #client: PostgresClientPort;
  readonly #options: PostgresLinkOptions;
  readonly #deps: PostgresLinkDeps;
  readonly #onEnd: (() => void)[] = [];
  #state: State = { kind: 'open' };
  #rejectUnderWay: ((error: PortcullisError) => void) | undefined;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(client: PostgresClientPort, options: PostgresLinkOptions, deps: PostgresLinkDeps) {
    this.#client = client;
    this.#options = options;
    this.#deps = deps;
    client.onEnd((error) => {
      this.#end(error === undefined ? unavailable('the connection was lost') : asFailure(error, deps.clean));
    });
  }

  /** Rejects with `STORE_UNAVAILABLE`. */
  static async open(
    client: PostgresClientPort,
    options: PostgresLinkOptions,
    deps: PostgresLinkDeps,
  ): Promise<PostgresLink> {
    const link = new PostgresLink(client, options, deps);
    const { connectTimeoutMs } = options;
    await link.#answer(
      () => client.connect(),
      connectTimeoutMs,
      `no connection within ${connectTimeoutMs} ms`,
      true,
    );
    return link;
  }

  /** Why it has ended; `undefined` while it is open. */
  get error(): PortcullisError | undefined {
    return this.#state.kind === 'ended' ? this.#state.error : undefined;
  }

  /** Rejects with `STORE_UNAVAILABLE`; `error` then says whether the connection is still there. */
  query(
    text: string,
    values: readonly unknown[] = [],
    timeoutMs = this.#options.queryTimeoutMs,
  ): Promise<PostgresAnswer> {
    const answer = this.#last.then(() =>
      this.#answer(() => this.#client.query(text, values), timeoutMs, `no answer within ${timeoutMs} ms`),
    );
    this.#last = answer.catch(ignore);
    return answer;
  }

  onNotification(listener: (message: PostgresNotification) => void): void {
    this.#client.onNotification(listener);
  }

  /** Called once, when it has ended for whatever reason. */
  onEnd(listener: () => void): void {
    if (this.#state.kind === 'ended') listener();
    else this.#onEnd.push(listener);
  }

  /** At once. What is under way rejects. */
  close(): void {
    this.#end(unavailable('the connection was closed'));
  }

  async #answer<T>(ask: () => Promise<T>, timeoutMs: number, late: string, isFatal = false): Promise<T> {
    if (this.#state.kind === 'ended') throw this.#state.error;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const timer = patientDeadline(this.#deps.clock, timeoutMs, () => {
      this.#end(unavailable(late));
    });
    this.#rejectUnderWay = reject;
    try {
      ask().then(resolve, reject);
      return await promise;
    } catch (error) {
      const failure = asFailure(error, this.#deps.clean);
      if (isFatal || isLast(failure)) this.#end(failure);
      throw failure;
    } finally {
      this.#rejectUnderWay = undefined;
      timer[Symbol.dispose]();
    }
  }

  #end(error: PortcullisError): void {
    if (this.#state.kind === 'ended') return;
    this.#state = { kind: 'ended', error };
    this.#client.destroy();
    this.#rejectUnderWay?.(error);
    for (const listener of this.#onEnd) listener();
  }
}

/** An error that has no SQLSTATE comes from the client: nobody knows what state the connection is in. 57P: the server leaves. */
function isLast({ details }: PortcullisError): boolean {
  const sqlState = details['sqlState'] as string | undefined;
  return sqlState === undefined || sqlState.startsWith('57P');
}

const ignore = (): void => undefined;
