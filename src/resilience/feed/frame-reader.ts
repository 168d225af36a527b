import { errorText } from '../../telemetry/error-text.ts';
import type { FeedConnection } from './feed-connection.ts';
import type { FeedSettings } from './feed-options.ts';
import type { FeedFrame, FeedProtocol } from './feed-protocol.ts';
import type { QuietLog } from './quiet-log.ts';

export interface FrameReaderDeps<M> {
  readonly protocol: FeedProtocol<M>;
  readonly log: QuietLog;
  /** At least one. */
  readonly onMessages: (connection: FeedConnection, messages: readonly M[], receivedMs: number) => void;
  readonly onRefused: (detail: string) => void;
  readonly onClosing: (connection: FeedConnection) => void;
}

/** Characters; a venue says as much as it likes. */
const MOST_OF_A_REFUSAL = 500;

/** What each frame says. One that cannot be read is left out; too many in a row end their connection. */
export class FrameReader<M> {
  readonly #maxMalformedInRow: number;
  readonly #deps: FrameReaderDeps<M>;
  /** The connection of the latest frame, and its frames in a row that could not be read. */
  #connection: FeedConnection | undefined;
  #malformedInRow = 0;
  frames = 0;
  unreadable = 0;
  refusals = 0;

  constructor({ maxMalformedInRow }: FeedSettings, deps: FrameReaderDeps<M>) {
    this.#maxMalformedInRow = maxMalformedInRow;
    this.#deps = deps;
  }

  read(connection: FeedConnection, frame: string | Uint8Array, receivedMs: number): void {
    this.frames += 1;
    if (connection !== this.#connection) this.#malformedInRow = 0;
    this.#connection = connection;
    try {
      this.#take(connection, this.#deps.protocol.decode(frame, receivedMs), receivedMs);
      this.#malformedInRow = 0;
    } catch (error) {
      this.#unreadable(connection, error);
    }
  }

  #take(connection: FeedConnection, decoded: FeedFrame<M>, receivedMs: number): void {
    switch (decoded.kind) {
      case 'messages':
        if (decoded.messages.length > 0) this.#deps.onMessages(connection, decoded.messages, receivedMs);
        return;
      case 'control':
        if (decoded.reply !== undefined) connection.send(decoded.reply);
        return;
      case 'refused': {
        const detail = decoded.detail.slice(0, MOST_OF_A_REFUSAL);
        this.refusals += 1;
        this.#deps.log.warn('refused', { detail }, 'the venue refused what the feed asked for');
        this.#deps.onRefused(detail);
        return;
      }
      case 'closing':
        this.#deps.onClosing(connection);
        return;
      default:
        throw new TypeError('the protocol gave a frame of no known kind');
    }
  }

  #unreadable(connection: FeedConnection, error: unknown): void {
    this.unreadable += 1;
    this.#malformedInRow += 1;
    this.#deps.log.warn('malformed', { error: errorText(error) }, 'a frame could not be read');
    if (this.#malformedInRow < this.#maxMalformedInRow) return;
    connection.end('malformed', `${this.#malformedInRow} frames in a row could not be read`);
  }
}
