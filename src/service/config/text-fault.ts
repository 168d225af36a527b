/** What is wrong with a file, and where. Says nothing of what stands there: it may be a secret. */
export interface TextFault {
  /** 1 is the first. */
  readonly line: number;
  /** 1 is the first. */
  readonly column: number;
  readonly expected: string;
}

export function faultAt(text: string, offset: number, expected: string): TextFault {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, expected };
}

export const faultText = ({ line, column, expected }: TextFault): string =>
  `line ${line}, column ${column}: expected ${expected}`;
