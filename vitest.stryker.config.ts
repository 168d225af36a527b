import { defineConfig } from 'vitest/config';

/**
 * The tests that stand guard over what is mutated (`npm run mutation`): unit tests without servers, files or a second
 * process. The property tests would find more, and take hours.
 *
 * A mutant is run against the tests that reach it, and a run ends with the first that fails: most of its time went into
 * loading every module anew for each file of tests. So the files share one copy, which they do not notice.
 */
export default defineConfig({
  test: {
    include: [
      'test/{risk,execution,trading}/**/*.test.ts',
      'test/desk/{zero-bypass,order-desk,order-path,submit,amend,adjust,cancel,explain,flow,write-off}.test.ts',
    ],
    isolate: false,
    fileParallelism: false,
    // A mutant that never answers is found by then; the tests that look through the heap have a limit of their own.
    testTimeout: 10_000,
  },
});
