import type { Dispatcher } from 'undici';
import type { Clock } from '../../core/clock.ts';
import { listen, unlisten } from '../call-within.ts';
import type { Call } from '../call.ts';
import { aborted } from '../failure.ts';
import { type Outcome, failed, success } from '../outcome.ts';
import { decodedBody, tooLarge } from './content-coding.ts';
import { type Phase, connectionFailure, isSuccess, statusFailure } from './http-failure.ts';
import { type HttpAnswer, type HttpHeaders, type HttpRequest, isRepeatable } from './http-message.ts';

/** What an exchange shares with the others of its transport. */
export interface ExchangeRules {
  readonly clock: Clock;
  readonly maxResponseBytes: number;
  readonly silenceTimeoutMs: number;
  /** Whether the answer that ends in this very moment ends because its connection breaks. */
  readonly connections: { readonly isBreaking: boolean };
  /** Exchanges that have begun and not ended. */
  inFlight: number;
}

/** The most of an unsuccessful answer's body that is kept. */
const KEPT_OF_ERROR_BYTES = 16 * 1024;

/** A longer one is not read to its end: a new connection costs less. */
const READ_OF_ERROR_BYTES = 256 * 1024;

const NO_HEADERS: HttpHeaders = {};

/** Not for anybody to see: the outcome has been given by then. */
const GIVEN_UP = new Error('given up');

/** One request and its answer. Its outcome comes once, in the tick in which it is known. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly outcome: Promise<Outcome<HttpAnswer>>;
  readonly #request: HttpRequest;
  readonly #call: Call;
  readonly #rules: ExchangeRules;
  readonly #startedMs: number;
  readonly #chunks: Buffer[] = [];
  #resolve: ((outcome: Outcome<HttpAnswer>) => void) | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #phase: Phase = 'connect';
  #status = 0;
  #headers = NO_HEADERS;
  #bytes = 0;

  constructor(request: HttpRequest, call: Call, rules: ExchangeRules) {
    this.#request = request;
    this.#call = call;
    this.#rules = rules;
    this.#startedMs = rules.clock.monotonicMs();
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    rules.inFlight += 1;
    listen(call, this);
  }

  /** The call's signal has aborted. */
  handleEvent(): void {
    this.#end(failed(aborted(this.#call.signal)));
    this.#controller?.abort(GIVEN_UP);
  }

  /** A connection is there, and the request is about to be written. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Thrown, and not aborted, it costs no connection.
    if (this.#resolve === undefined) throw GIVEN_UP;
    this.#controller = controller;
    this.#phase = 'send';
  }

  /** The first byte of the answer has come. */
  onResponseStarted(): void {
    this.#phase = 'receive';
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: HttpHeaders): void {
    // Such as 103, early hints: the answer is yet to come.
    if (status < 200) return;
    this.#phase = 'receive';
    this.#status = status;
    this.#headers = headers;
    if (!isSuccess(status) || this.#request.method === 'HEAD') return;
    const { maxResponseBytes } = this.#rules;
    if (Number(headers['content-length']) > maxResponseBytes) this.#tooLarge(controller);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const before = this.#bytes;
    this.#bytes += chunk.length;
    if (!isSuccess(this.#status)) {
      if (before < KEPT_OF_ERROR_BYTES) this.#chunks.push(chunk.subarray(0, KEPT_OF_ERROR_BYTES - before));
      if (this.#bytes <= READ_OF_ERROR_BYTES) return;
      this.#endWithStatus();
      controller.abort(GIVEN_UP);
    } else if (this.#bytes <= this.#rules.maxResponseBytes) this.#chunks.push(chunk);
    else this.#tooLarge(controller);
  }

  onResponseEnd(): void {
    // Without a length, the end of the connection is the end of the body: this one was no end.
    if (this.#rules.connections.isBreaking && isSuccess(this.#status)) {
      this.fail(new Error('the connection was reset within the answer'));
      return;
    }
    if (!isSuccess(this.#status)) {
      this.#endWithStatus();
      return;
    }
    const decoded = decodedBody(
      this.#body(),
      this.#headers['content-encoding'],
      this.#rules.maxResponseBytes,
    );
    if (decoded instanceof Promise) {
      void decoded.then((body) => {
        this.#endWithBody(body);
      });
    } else this.#endWithBody(decoded);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#resolve === undefined) return;
    // What it has said of itself counts, even if it broke off while explaining.
    if (this.#status !== 0 && !isSuccess(this.#status)) this.#endWithStatus();
    else this.fail(error);
  }

  fail(error: unknown): void {
    const failure = connectionFailure(error, {
      phase: this.#phase,
      hasHeaders: this.#status !== 0,
      isRepeatable: isRepeatable(this.#request),
      silenceTimeoutMs: this.#rules.silenceTimeoutMs,
    });
    this.#end(failed(failure));
  }

  #endWithBody(body: Outcome<Buffer>): void {
    this.#end(body.ok ? success({ status: this.#status, headers: this.#headers, body: body.value }) : body);
  }

  #endWithStatus(): void {
    const nowMs = this.#rules.clock.nowMs();
    const mayRepeat = isRepeatable(this.#request);
    this.#end(failed(statusFailure(this.#status, this.#headers, this.#body(), mayRepeat, nowMs)));
  }

  #tooLarge(controller: Dispatcher.DispatchController): void {
    this.#end(failed(tooLarge(this.#rules.maxResponseBytes)));
    controller.abort(GIVEN_UP);
  }

  #body(): Buffer {
    const [first] = this.#chunks;
    return this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks);
  }

  #end(outcome: Outcome<HttpAnswer>): void {
    const resolve = this.#resolve;
    if (resolve === undefined) return;
    this.#resolve = undefined;
    unlisten(this.#call, this);
    this.#call.stats.workMs += this.#rules.clock.monotonicMs() - this.#startedMs;
    this.#rules.inFlight -= 1;
    resolve(outcome);
  }
}
