import type { DedupeWindow } from './dedupe-window.ts';
import type { KeptEntry, KeptEvent } from './kept-event.ts';

/** A topic as it stands on disk. */
export interface TopicDisk {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly ids: DedupeWindow;
  readonly error: string | undefined;
  append(entry: KeptEvent, isGiven: boolean): Promise<void>;
  page(from: number, to: number): Promise<KeptEntry[]>;
}
