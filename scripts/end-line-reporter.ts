import { appendFileSync } from 'node:fs';
import type { Reporter, TestModule, Vitest } from 'vitest/node';

type Errors = readonly { readonly message: string }[];

/**
 * Ends a run with a line for each test that failed, or that passed only when it was tried again (`flaky: ...`), and one
 * line of counts, `N passed, N failed, N skipped`, after everything else, the coverage table included.
 *
 * A module that cannot be loaded counts as one failure, so does a suite whose hook failed, and so does a run that ends
 * with an exit code other than 0 for a reason that is not a test (a coverage threshold, an unhandled rejection).
 *
 * What `PORTCULLIS_TEST_NOTES` names gets the lines of failed and flaky tests too, added at its end.
 */
export default class EndLineReporter implements Reporter {
  readonly #count = { passed: 0, failed: 0, skipped: 0 };
  readonly #notes: string[] = [];
  #root = '';

  onInit(vitest: Vitest): void {
    this.#root = `${vitest.config.root}/`;
    process.on('exit', (code) => {
      this.#end(code);
    });
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: Errors): void {
    for (const module of modules) {
      const path = module.moduleId.replace(this.#root, '');
      this.#broken(path, module.errors());
      for (const suite of module.children.allSuites())
        this.#broken(`${path} > ${suite.fullName}`, suite.errors());
      for (const test of module.children.allTests()) {
        const { state, errors = [] } = test.result();
        if (state !== 'pending') this.#count[state] += 1;
        const name = `${path} > ${test.fullName}`;
        if (state === 'failed') this.#note('failed', name, errors);
        else if (test.diagnostic()?.flaky === true) this.#note('flaky', name, errors);
      }
    }
    if (unhandled.length > 0) this.#note('failed', 'outside of every test', unhandled);
  }

  /** What is no test: it fails, or it is not counted. */
  #broken(name: string, errors: Errors): void {
    if (errors.length === 0) return;
    this.#count.failed += 1;
    this.#note('failed', name, errors);
  }

  #note(what: 'failed' | 'flaky', name: string, [first]: Errors): void {
    const reason = (first?.message ?? 'no error').trim().split('\n').slice(0, 3).join(' ');
    this.#notes.push(`${what}: ${name}: ${reason.slice(0, 300)}`);
  }

  #end(code: number): void {
    const { passed, skipped } = this.#count;
    const failed = code === 0 ? this.#count.failed : Math.max(1, this.#count.failed);
    if (failed > 0 && !this.#notes.some((note) => note.startsWith('failed: ')))
      this.#notes.push(`failed: the run ended with exit code ${String(code)}, though every test passed`);
    for (const note of this.#notes) console.log(note);
    const file = process.env['PORTCULLIS_TEST_NOTES'];
    if (file !== undefined) appendFileSync(file, this.#notes.map((note) => `${note}\n`).join(''));
    console.log(`${String(passed)} passed, ${String(failed)} failed, ${String(skipped)} skipped`);
  }
}
