import { type BackoffOptions, backoffMs } from '../../core/backoff.ts';
import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { messageOf } from '../../core/message-of.ts';
import type { EventBus, PublishOptions } from '../../events/event-bus.ts';
import type { LogEntry } from '../../storage/append-log.ts';
import { recordDigest } from '../journal/journal-checkpoint.ts';
import type { ToPublish } from './record-events.ts';

/** An event with its identity. */
export interface Identified extends ToPublish {
  readonly options: PublishOptions & { readonly id: string };
}

/** Records that are being told. */
export interface Telling {
  readonly events: readonly Identified[];
  /** The last of them. */
  readonly seq: number;
  readonly digest: string;
}

/** The events of a record with identities made of it, so that they are the same whenever they are told. */
export function identified(
  events: readonly ToPublish[],
  { entry, ...more }: { readonly entry: LogEntry; readonly atMs: number; readonly source: string },
): readonly Identified[] {
  const id = `journal-${entry.seq}-${recordDigest(entry.record)}`;
  return events.map((event, at) => ({ ...event, options: { id: at === 0 ? id : `${id}-${at}`, ...more } }));
}

export interface RelayPublisherDeps {
  readonly bus: Pick<EventBus, 'publish'>;
  /** Of the bus, as far as it is known: events go into no other. */
  readonly generation: () => string | undefined;
  /** Whether the bus is not that one any more: then other events have to go first. */
  readonly isLost: () => boolean;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly random: () => number;
  readonly backoff: BackoffOptions;
  /** The bus has not taken one; it is tried again. */
  readonly onFailed: (event: Identified, why: string) => void;
  /** The bus will never take it. */
  readonly onRefused: (event: Identified, why: string) => void;
}

/** Publishes until the bus has taken it. Events with one key go out one behind the other, others side by side. */
export class RelayPublisher {
  readonly #deps: RelayPublisherDeps;

  constructor(deps: RelayPublisherDeps) {
    this.#deps = deps;
  }

  /**
   * Resolves when the bus has all of them, or refuses for good what is missing; rejects when the signal aborts, and when the bus
   * has lost what it held.
   */
  async publish(events: readonly Identified[], signal: AbortSignal): Promise<void> {
    const lanes = new Map<string | undefined, Identified[]>();
    for (const event of events) {
      const key = event.type.key(event.data);
      const lane = lanes.get(key);
      if (lane === undefined) lanes.set(key, [event]);
      else lane.push(event);
    }
    await Promise.all(Array.from(lanes.values(), (lane) => this.#inOrder(lane, signal)));
  }

  async #inOrder(lane: readonly Identified[], signal: AbortSignal): Promise<void> {
    for (const event of lane) await this.#untilTaken(event, signal);
  }

  async #untilTaken(event: Identified, signal: AbortSignal): Promise<void> {
    const { clock, random, backoff, onFailed, onRefused } = this.#deps;
    for (let retry = 0; ; retry += 1) {
      const answer = await abortable(this.#try(event), signal);
      if (answer.kind === 'taken') return;
      if (answer.kind === 'refused') {
        onRefused(event, answer.why);
        return;
      }
      if (this.#deps.isLost()) throw new Error('the bus has lost what it held');
      onFailed(event, answer.why);
      await clock.sleep(backoffMs(retry, backoff, random), signal);
    }
  }

  async #try({ type, data, options }: Identified): Promise<Answer> {
    try {
      const generation = this.#deps.generation();
      const { outcome } = await this.#deps.bus.publish(
        type,
        data,
        generation === undefined ? options : { ...options, generation },
      );
      // What a policy drops is not to be lost here: the journal has it, and can wait.
      return outcome === 'dropped' ? { kind: 'failed', why: 'the bus has dropped it' } : { kind: 'taken' };
    } catch (error) {
      const isFinal = error instanceof PortcullisError && FINAL.has(error.code);
      return { kind: isFinal ? 'refused' : 'failed', why: messageOf(error) };
    }
  }
}

type Answer = { readonly kind: 'taken' } | { readonly kind: 'failed' | 'refused'; readonly why: string };

/** What is wrong with the event, not with the bus: it would be so for ever, and everything behind it would wait. */
const FINAL: ReadonlySet<string> = new Set(['INPUT_INVALID', 'OPTION_INVALID']);

/** Rejects when the signal aborts, also while a bus keeps us waiting. */
function abortable<T>(waiting: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(new Error('the relay was stopped'));
    };
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    void waiting.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', abort);
    });
  });
}
