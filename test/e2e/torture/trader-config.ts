import type { KillTarget } from './kill-point.ts';

/** Faults of ours that the checker must find. */
export const DEFECTS = ['journal-after-send', 'retry-on-timeout', 'reservations-not-rebuilt'] as const;
export type Defect = (typeof DEFECTS)[number];

/** What one life of the trader is told, as JSON in its first argument. */
export interface TraderConfig {
  readonly url: string;
  readonly dataDir: string;
  /** Where the segments go that the journal forgets. */
  readonly keptDir: string;
  /** Counts from 1. */
  readonly life: number;
  readonly seed: number;
  /** When the first trading day began. */
  readonly epochMs: number;
  /** `trade` until killed; `settle`: bring all to its end and stop; `inspect`: recover, say what is there, and stop. */
  readonly mode: 'trade' | 'settle' | 'inspect';
  readonly kill?: KillTarget;
  readonly defect?: Defect;
}
