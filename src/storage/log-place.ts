/** Where a log lives. */
export interface LogPlace {
  readonly directory: string;
  readonly name: string;
}

const SEGMENT_FILE = /^(.+)-(\d{8})\.jsonl$/;

/** Name of the log that a file is a segment of; undefined if it is none. */
export const logOfSegment = (file: string): string | undefined => SEGMENT_FILE.exec(file)?.[1];

export const segmentFile = (name: string, number: number): string =>
  `${name}-${String(number).padStart(8, '0')}.jsonl`;

/** Numbers of the segments of a log, in order. */
export const segmentNumbers = (name: string, files: readonly string[]): number[] =>
  files
    .filter((file) => logOfSegment(file) === name)
    .map((file) => Number(SEGMENT_FILE.exec(file)?.[2]))
    .sort((a, b) => a - b);
