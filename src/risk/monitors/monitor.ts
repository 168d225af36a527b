/** Looks at one condition that must restrict trading, and trips the kill switch by itself. */
export interface Monitor {
  readonly name: string;
  /** Looks now. May throw: {@link Watch} restricts trading then. */
  check(): void;
}
