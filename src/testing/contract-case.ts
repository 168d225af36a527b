/** One case of a contract: what every implementation of a port has to do. */
export interface ContractCase<T> {
  readonly name: string;
  /** Opens a subject of its own, asserts with `node:assert`, and cleans up. */
  run(open: () => Promise<T>): Promise<void>;
}

/** What a contract needs of the thing that it tests. */
export interface Disposer {
  /** Closes and cleans up. */
  dispose(): Promise<void>;
}

export const contractCase = <T extends Disposer>(
  name: string,
  run: (subject: T) => Promise<void>,
): ContractCase<T> => ({
  name,
  async run(open) {
    const subject = await open();
    try {
      await run(subject);
    } finally {
      await subject.dispose();
    }
  },
});
