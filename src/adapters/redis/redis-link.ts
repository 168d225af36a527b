/** One connection to the server, as those who read need it. It connects by itself, again and again, until it is closed. */
export interface RedisLink {
  /**
   * Sends one command and gives the reply as RESP2 has it: strings, numbers, `null`, arrays of these.
   *
   * Rejects at once while it is not connected, and when no reply came in time; then the command may have been carried out
   * or not. A reply of the server that is an error rejects with an error whose message is the server's: `NOGROUP ...`.
   *
   * @param timeoutMs default: that of the bus
   */
  send(args: readonly string[], timeoutMs?: number): Promise<unknown>;
  /** Resolves at once while it is connected, else as soon as it is; rejects when it is closed or `signal` aborts. */
  whenReady(signal?: AbortSignal): Promise<void>;
  /** At once: what waits for a reply rejects. */
  close(): void;
}
