import type { SequenceRange } from './feed-protocol.ts';

/** What a message is, by its numbers. Only a `duplicate` is not for the consumer. */
export type SequenceVerdict =
  | { readonly kind: 'next' }
  /** The channel begins with it. */
  | { readonly kind: 'first' }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'gap'; readonly expected: number; readonly got: number }
  /** Its numbers were old, and so were those before it, in order: the venue counts anew. */
  | { readonly kind: 'restarted'; readonly expected: number; readonly got: number };

interface Channel {
  expected: number;
  /** Duplicates that followed on from each other, and the number after them. */
  oldInRow: number;
  oldExpected: number;
}

const NEXT: SequenceVerdict = { kind: 'next' };
const FIRST: SequenceVerdict = { kind: 'first' };
const DUPLICATE: SequenceVerdict = { kind: 'duplicate' };

/** Follows the numbers of each channel. A range that reaches back over the expected number is no duplicate. */
export class SequenceGuard {
  readonly #restartAfter: number;
  readonly #channels = new Map<string, Channel>();

  /** @param restartAfterDuplicates old numbers in a row, each following the one before, that mean a new count */
  constructor({ restartAfterDuplicates }: { readonly restartAfterDuplicates: number }) {
    this.#restartAfter = restartAfterDuplicates;
  }

  check({ channel: name, first, last }: SequenceRange): SequenceVerdict {
    const channel = this.#channels.get(name);
    if (channel === undefined) {
      this.#channels.set(name, { expected: last + 1, oldInRow: 0, oldExpected: NaN });
      return FIRST;
    }
    const { expected } = channel;
    if (last < expected) return this.#old(channel, first, last);
    channel.expected = last + 1;
    channel.oldInRow = 0;
    return first > expected ? { kind: 'gap', expected, got: first } : NEXT;
  }

  /** Whether the channel has had numbers. */
  has(channel: string): boolean {
    return this.#channels.has(channel);
  }

  /** The last number of the channel; undefined where it has had none. */
  lastOf(channel: string): number | undefined {
    const expected = this.#channels.get(channel)?.expected;
    return expected === undefined ? undefined : expected - 1;
  }

  forget(channel: string): void {
    this.#channels.delete(channel);
  }

  forgetAll(): void {
    this.#channels.clear();
  }

  #old(channel: Channel, first: number, last: number): SequenceVerdict {
    channel.oldInRow = first === channel.oldExpected ? channel.oldInRow + 1 : 1;
    channel.oldExpected = last + 1;
    if (channel.oldInRow < this.#restartAfter) return DUPLICATE;
    const { expected } = channel;
    channel.expected = last + 1;
    channel.oldInRow = 0;
    return { kind: 'restarted', expected, got: first };
  }
}

/** Whole numbers, the first not after the last. */
export const isRange = ({ first, last }: SequenceRange): boolean =>
  Number.isSafeInteger(first) && Number.isSafeInteger(last) && first <= last;
