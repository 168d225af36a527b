import { errorText } from '../../telemetry/error-text.ts';
import { type BufferedMessage, later } from './feed-buffer.ts';
import type { FeedProtocol } from './feed-protocol.ts';
import type { QuietLog } from './quiet-log.ts';
import { isRange } from './sequence-guard.ts';

/** The channel and the numbers of messages, by the protocol. */
export class MessageReader<M> {
  readonly #protocol: FeedProtocol<M>;
  readonly #log: QuietLog;
  malformed = 0;

  constructor(protocol: FeedProtocol<M>, log: QuietLog) {
    this.#protocol = protocol;
    this.#log = log;
  }

  /** Undefined for one without valid numbers, which is counted and logged. */
  read(message: M): BufferedMessage<M> | undefined {
    try {
      const range = this.#protocol.sequenceOf?.(message);
      if (range === undefined) {
        const channel = this.#protocol.channelOf?.(message) ?? '';
        return { message, channel, first: undefined, last: undefined };
      }
      if (!isRange(range)) throw new RangeError(`numbers from ${range.first} to ${range.last}`);
      return { message, channel: range.channel, first: range.first, last: range.last };
    } catch (error) {
      this.malformed += 1;
      this.#log.warn(
        'malformed',
        { error: errorText(error) },
        'a message without valid numbers was left out',
      );
      return undefined;
    }
  }

  /** The highest number of all; undefined where none has any. */
  lastOf(messages: readonly M[]): number | undefined {
    let highest: number | undefined;
    for (const message of messages) highest = later(highest, this.#protocol.sequenceOf?.(message)?.last);
    return highest;
  }
}
