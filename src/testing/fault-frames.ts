/** Bytes that no WebSocket server may send, for the step `raw`. */
export const brokenFrames = {
  /** Reserved bits and an opcode that does not exist. */
  garbage: (): Uint8Array => Uint8Array.from([0xff, 0x04, 0xde, 0xad, 0xbe, 0xef]),
  /** The head of a text frame that claims so many bytes, and none of them. Default 1 TiB. */
  oversized: (claimedBytes = 2 ** 40): Uint8Array => {
    const head = Buffer.from([0x81, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
    head.writeBigUInt64BE(BigInt(claimedBytes), 2);
    return head;
  },
  /** A text frame that is not UTF-8. */
  invalidUtf8: (): Uint8Array => Uint8Array.from([0x81, 0x02, 0xc3, 0x28]),
} as const;

/** What {@link sequence} leaves out, and what it sends once more right away. */
export interface SequenceFaults {
  readonly without?: readonly number[];
  readonly twice?: readonly number[];
}

/** The frames number `from` to `to`, both inclusive, with gaps and repeats where wanted. */
export function sequence(
  frame: (number: number) => string,
  { from, to }: { readonly from: number; readonly to: number },
  { without = [], twice = [] }: SequenceFaults = {},
): string[] {
  const frames: string[] = [];
  for (let number = from; number <= to; number += 1) {
    if (without.includes(number)) continue;
    frames.push(frame(number));
    if (twice.includes(number)) frames.push(frame(number));
  }
  return frames;
}
