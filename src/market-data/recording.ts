import type { Instrument } from '../trading/instrument.ts';
import type { MarketEvent } from '../trading/market-event.ts';
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { PortcullisError } from '../core/errors.ts';
import { BinanceDecoder } from './binance-decoder.ts';
import { atLine, fieldError } from './input-error.ts';
import type { MarketFeed } from './market-feed.ts';
import { readLines } from './read-lines.ts';
import { receiveTimeMs } from './receive-time.ts';
import { untilAborted } from './until-aborted.ts';

/** How many messages of each kind. */
export type MessageCounts = Readonly<Record<MarketEvent['type'], number>>;

export interface RecordingDeps {
  /** What the recording may contain; anything else in it is an error. */
  readonly instruments: readonly Instrument[];
}

interface Contents {
  readonly sha256: string;
  readonly messages: number;
  readonly firstReceivedMs: number;
  readonly lastReceivedMs: number;
}

/**
 * A recorded Binance stream, `.log` or `.log.gz`. Each line is the local receive time in nanoseconds, a blank, and the
 * JSON as it arrived (see {@link BinanceDecoder}).
 *
 * The file is streamed and never held as a whole: once by `open`, for the digest and the times, which costs about a
 * microsecond per message; once by each `batches`.
 */
export class Recording implements MarketFeed {
  /** The name of the file, without its folder. */
  readonly name: string;
  readonly path: string;
  /** SHA-256 of the uncompressed bytes, as 64 hex characters. */
  readonly sha256: string;
  /** Number of messages, one per line. */
  readonly messages: number;
  /** Receive time of the first message: where the clock of a replay starts. Wall time in milliseconds. */
  readonly firstReceivedMs: number;
  /** Receive time of the last message. Wall time in milliseconds. */
  readonly lastReceivedMs: number;
  readonly #decoder: BinanceDecoder;

  private constructor(path: string, contents: Contents, decoder: BinanceDecoder) {
    this.name = basename(path);
    this.path = path;
    this.sha256 = contents.sha256;
    this.messages = contents.messages;
    this.firstReceivedMs = contents.firstReceivedMs;
    this.lastReceivedMs = contents.lastReceivedMs;
    this.#decoder = decoder;
  }

  /**
   * Reads every byte once, so that digest, first receive time, and damage to the file are known before the first event.
   * What the messages say is not looked at: that is `verify`.
   *
   * @throws {PortcullisError} `FILE_UNREADABLE`; `INPUT_INVALID` when the file is empty, damaged or cut short, or its
   *   first or last line has no receive time; `OPTION_INVALID` (instruments)
   */
  static async open(path: string, { instruments }: RecordingDeps): Promise<Recording> {
    const decoder = new BinanceDecoder(instruments);
    const hash = createHash('sha256');
    let messages = 0;
    let first: string | undefined;
    let last = '';
    for await (const lines of readLines(path, hash)) {
      first ??= lines[0];
      last = lines.at(-1) ?? last;
      messages += lines.length;
    }
    if (first === undefined) {
      throw new PortcullisError(
        'INPUT_INVALID',
        `${path}: expected at least one message, got an empty file`,
        {
          details: { file: path },
        },
      );
    }
    const contents = {
      sha256: hash.digest('hex'),
      messages,
      firstReceivedMs: receiveTimeOf(path, 1, first),
      lastReceivedMs: receiveTimeOf(path, messages, last),
    };
    return new Recording(path, contents, decoder);
  }

  /**
   * Reads every message once, so that a bad line is found before anything is done with the good ones before it.
   *
   * @throws {PortcullisError} as `batches`
   */
  async verify(): Promise<MessageCounts> {
    const counts = { snapshot: 0, diff: 0, quote: 0, trade: 0 };
    for await (const events of this.batches()) for (const { type } of events) counts[type] += 1;
    return counts;
  }

  /**
   * The events in the order of the file, many at a time, so that there is no wait for each one. May be called again.
   *
   * @param signal ends the iteration within the tick, without an error
   * @throws {PortcullisError} `INPUT_INVALID` or `INSTRUMENT_UNKNOWN` with file, line, field, value and what was expected;
   *   at the end, `INPUT_INVALID` when the file is no longer the one that was opened
   */
  batches(signal?: AbortSignal): AsyncGenerator<readonly MarketEvent[], void, undefined> {
    return untilAborted(this.#read(), signal);
  }

  async *#read(): AsyncGenerator<readonly MarketEvent[], void, undefined> {
    const hash = createHash('sha256');
    let line = 0;
    for await (const lines of readLines(this.path, hash)) {
      const events: MarketEvent[] = [];
      for (const text of lines) {
        line += 1;
        events.push(this.#event(text, line));
      }
      yield events;
    }
    if (hash.digest('hex') === this.sha256) return;
    throw new PortcullisError('INPUT_INVALID', `${this.path}: the file has changed since it was opened`, {
      details: { file: this.path },
    });
  }

  #event(text: string, line: number): MarketEvent {
    try {
      const receivedMs = receivedAt(text);
      return this.#decoder.decode(json(text.slice(text.indexOf(' ') + 1)), receivedMs);
    } catch (cause) {
      throw atLine(this.path, line, cause);
    }
  }
}

function receiveTimeOf(path: string, line: number, text: string): number {
  try {
    return receivedAt(text);
  } catch (cause) {
    throw atLine(path, line, cause);
  }
}

function receivedAt(line: string): number {
  const blank = line.indexOf(' ');
  const text = blank < 0 ? line : line.slice(0, blank);
  const receivedMs = receiveTimeMs(text);
  if (receivedMs >= 0) return receivedMs;
  throw fieldError('receive time', 'nanoseconds since 1970 before a blank', text);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw fieldError('message', 'JSON', text, { cause });
  }
}
