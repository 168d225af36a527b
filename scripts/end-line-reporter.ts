import type { Reporter, TestModule } from 'vitest/node';

/**
 * Ends a run with one line, `N passed, N failed, N skipped`, after everything else, the coverage table included.
 *
 * A module that cannot be loaded counts as one failure, and so does a run that ends with an exit code other than 0
 * for a reason that is not a test (a coverage threshold, an unhandled rejection).
 */
export default class EndLineReporter implements Reporter {
  readonly #count = { passed: 0, failed: 0, skipped: 0 };

  onInit(): void {
    process.on('exit', (code) => {
      const { passed, skipped } = this.#count;
      const failed = code === 0 ? this.#count.failed : Math.max(1, this.#count.failed);
      console.log(`${String(passed)} passed, ${String(failed)} failed, ${String(skipped)} skipped`);
    });
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const module of modules) {
      if (module.errors().length > 0) this.#count.failed += 1;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state !== 'pending') this.#count[state] += 1;
      }
    }
  }
}
