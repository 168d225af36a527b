/** What has become of calls, and what is left of them. */
export interface CallsCount {
  /** How many ended so: by the origin of the data, or the code of the failure. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** On the signal that all calls had. */
  readonly listeners: number;
  /** After a full collection. */
  readonly heapMb: number;
}
