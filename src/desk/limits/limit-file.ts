import { hash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { parseInput, parseOptions } from '../../core/options.ts';
import { person } from '../../core/principal.ts';
import { messageOf } from '../../core/message-of.ts';
import type { LimitControl } from './limit-control.ts';
import type { LimitInputs } from './limit-engines.ts';
import type { LimitChangeOrder } from './limit-order.ts';
import type { LimitChange } from './limit-status.ts';

const optionsSchema = z.strictObject({
  /** How often the file is looked at. */
  everyMs: z.number().min(1).default(1_000),
});

/** @interface */
export type LimitFileOptions = z.input<typeof optionsSchema>;

/** What stands in a limits file, as JSON. The limits themselves are read by the engines. */
const fileSchema = z.strictObject({
  /** The person who answers for it. */
  by: z.string().trim().min(1),
  reason: z.string().trim().min(1),
  risk: z.record(z.string(), z.unknown()).optional(),
  execution: z.record(z.string(), z.unknown()).optional(),
});

/** What came of looking at the file. Trouble is told once, until it is another one or over. */
export type LimitFileEvent =
  | { readonly kind: 'taken'; readonly change: LimitChange }
  /** It is not there, or cannot be read. Nothing has changed. */
  | { readonly kind: 'missing'; readonly error: PortcullisError }
  /** Half-written, or wrong. Nothing has changed. */
  | { readonly kind: 'invalid'; readonly error: PortcullisError }
  /** The control did not make the change; what may pass once is tried again with every look. */
  | { readonly kind: 'failed'; readonly error: PortcullisError };

export interface LimitFileDeps {
  readonly clock: Pick<Clock, 'every'>;
  readonly onEvent?: (event: LimitFileEvent) => void;
}

/**
 * Reads a limits file.
 *
 * @throws {PortcullisError} `INPUT_INVALID`
 */
export function readLimitFile(text: string): LimitChangeOrder {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new PortcullisError('INPUT_INVALID', `limits file: expected JSON: ${messageOf(cause)}`, { cause });
  }
  const { by, reason, risk, execution } = parseInput('limits file', fileSchema, content);
  const limits = { risk, execution } as LimitInputs; // read by the engines
  return { by: person(by), reason, ...limits, fileHash: hash('sha256', text) };
}

/**
 * Keeps the limits as a file says, looking at it every now and then. What was taken in before a restart is not taken in
 * again, so that it undoes no change that was made in another way since.
 */
export class LimitFileWatch implements Disposable {
  readonly #path: string;
  readonly #control: LimitControl;
  readonly #onEvent: ((event: LimitFileEvent) => void) | undefined;
  readonly #timer: Disposable;
  /** Of the file when it was last looked at, and how often it was the same since. */
  #stamp = '';
  #sameStamps = 0;
  /** Of the content that has been dealt with. */
  #done: string | undefined;
  #trouble: string | undefined;
  #isFirst = true;
  #looking: Promise<void> | undefined;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(path: string, control: LimitControl, deps: LimitFileDeps, options: LimitFileOptions = {}) {
    const { everyMs } = parseOptions('LimitFileWatch', optionsSchema, options);
    this.#path = path;
    this.#control = control;
    this.#onEvent = deps.onEvent;
    this.#timer = deps.clock.every(everyMs, () => void this.check());
  }

  /** Looks now; resolves when what was found has been dealt with. Never rejects. */
  check(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  /** Looks no more. What has been found is still dealt with. */
  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }

  async #look(): Promise<void> {
    let text: string | undefined;
    try {
      text = await this.#fresh();
    } catch (cause) {
      this.#stamp = '';
      const message = `limits file ${this.#path}: ${messageOf(cause)}`;
      this.#tell('missing', new PortcullisError('FILE_UNREADABLE', message, { cause }));
      return;
    }
    if (text !== undefined) await this.#take(text);
  }

  /** The content; `undefined` when it is as it was, or is being written. */
  async #fresh(): Promise<string | undefined> {
    const stamp = await stampOf(this.#path);
    this.#sameStamps = stamp === this.#stamp ? this.#sameStamps + 1 : 0;
    // Looked at twice under one stamp: a write within the grain of the time stamps is seen by the second look.
    if (this.#sameStamps > 1) return undefined;
    const text = await readFile(this.#path, 'utf8');
    if ((await stampOf(this.#path)) !== stamp) return undefined;
    this.#stamp = stamp;
    return text;
  }

  async #take(text: string): Promise<void> {
    const content = hash('sha256', text);
    const { kind, error } = this.#control.status;
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    const isKnown = content === this.#done || (content === this.#control.fileHash && kind === 'settled');
    if (isKnown) {
      this.#over(content);
      return;
    }
    // What has been lying there is nobody's word on limits that cannot be read.
    if (isFirst && kind === 'unreadable' && error !== undefined) {
      this.#done = content;
      this.#tell('failed', error);
      return;
    }
    await this.#change(text, content);
  }

  async #change(text: string, content: string): Promise<void> {
    let order: LimitChangeOrder;
    try {
      order = readLimitFile(text);
    } catch (error) {
      this.#done = content;
      this.#tell('invalid', error as PortcullisError);
      return;
    }
    try {
      const change = await this.#control.change(order);
      this.#over(content);
      this.#emit({ kind: 'taken', change });
    } catch (error) {
      const failure = error as PortcullisError;
      this.#done = failure.retryable ? undefined : content;
      if (failure.retryable) this.#stamp = '';
      this.#tell(failure.code === 'OPTION_INVALID' ? 'invalid' : 'failed', failure);
    }
  }

  #over(content: string): void {
    this.#done = content;
    this.#trouble = undefined;
  }

  #tell(kind: 'missing' | 'invalid' | 'failed', error: PortcullisError): void {
    const trouble = `${kind} ${this.#done ?? ''} ${error.message}`;
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    this.#emit({ kind, error });
  }

  /** A listener that throws does not end the watch. */
  #emit(event: LimitFileEvent): void {
    try {
      this.#onEvent?.(event);
    } catch {
      // It was told.
    }
  }
}

/** Changes with the content, unless both happen within the grain of the time stamps. */
async function stampOf(path: string): Promise<string> {
  const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return [ino, size, mtimeNs, ctimeNs].join(' ');
}
