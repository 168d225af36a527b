import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const src = fileURLToPath(new URL('src', import.meta.url));

/** Suites with a project of their own; every other test under `test/` is a unit test. */
const named = ['property', 'contract', 'integration', 'e2e', 'package'];

/**
 * What uses real processes, servers and sockets is tried a second time by the CI run, which says so of each test that
 * needed it (`flaky: ...`). What is computed never is.
 */
const retry = process.env['CI'] === undefined ? 0 : 1;

export default defineConfig({
  resolve: {
    // A test or an example that imports the package by name gets the sources, so that there is one copy of each class.
    alias: [
      { find: /^portcullis$/, replacement: `${src}/index.ts` },
      { find: /^portcullis\/(.+)$/, replacement: `${src}/$1/index.ts` },
    ],
  },
  test: {
    // Vitest leaves one core to itself, which halves a machine of two.
    maxWorkers: '100%',
    // Test files of a worker share its modules, which have no state of their own ("no globals"): loading them anew for each
    // file took most of the time.
    isolate: false,
    reporters: ['default', './scripts/end-line-reporter.ts'],
    // Limits for what hangs, on a busy machine too; how fast something has to be is for its test to say.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    setupFiles: ['test/support/patience.setup.ts'],
    // The seed is printed at the start; `npx vitest run --sequence.seed=N` repeats an order.
    sequence: { shuffle: { files: true, tests: true } },
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text', 'json-summary'],
      reportsDirectory: 'coverage',
      reportOnFailure: true,
      thresholds: { lines: 95, statements: 95, functions: 95, branches: 90 },
    },
    // One project after the other (groupOrder): a worker that goes from one to another loses its modules.
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          sequence: { groupOrder: 1 },
          // Not by `exclude`, which would take the place of what the command line excludes.
          include: [
            'test/**/*.test.ts',
            'examples/*/test/unit/**/*.test.ts',
            ...named.map((folder) => `!test/${folder}/**`),
          ],
        },
      },
      {
        extends: true,
        test: {
          name: 'property',
          sequence: { groupOrder: 4 },
          include: ['test/property/**/*.test.ts'],
          testTimeout: 240_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'contract',
          sequence: { groupOrder: 2 },
          retry,
          include: ['test/contract/**/*.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          sequence: { groupOrder: 3 },
          retry,
          include: ['test/integration/**/*.test.ts', 'examples/*/test/integration/**/*.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          isolate: true,
          sequence: { groupOrder: 5 },
          retry,
          include: ['test/e2e/**/*.test.ts', 'test/package/**/*.test.ts', 'examples/*/test/e2e/**/*.test.ts'],
          // Builds, packs and unpacks once: `inject('consumer')` is the folder.
          globalSetup: ['test/package/packed.setup.ts'],
          testTimeout: 120_000,
        },
      },
    ],
  },
});
