/** What has been so far. */
export interface Tally {
  calls: number;
  /** Calls with an outcome. */
  ended: number;
  succeeded: number;
  /** Attempts that were begun. */
  attempts: number;
}

/** How it stands with the process; what is `most` is since its start. */
export interface OutageCount extends Readonly<Tally> {
  readonly atMs: number;
  readonly cpuMs: number;
  /** From the answer before this one to the first success after it; undefined when there was none. */
  readonly firstSuccessAfterMs: number | undefined;
  /** 0 when a probe may go now, or none is needed. */
  readonly nextProbeInMs: number;
  readonly circuit: string | undefined;
  readonly mostWaiting: number;
  readonly mostSockets: number;
  readonly rssMb: number;
}

export const SOCKETS: ReadonlySet<string> = new Set(['TCPSocketWrap', 'TCPConnectWrap']);
