import js from '@eslint/js';
import prettier from 'eslint-config-prettier/flat';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const clock = 'Read time and wait through the Clock of src/core/clock.ts.';
const random = 'Use a seeded random source, or node:crypto for secrets.';

const GLOBAL_OBJECT = '[object.name=/^(globalThis|global|window|self)$/]';
const timers = ['setTimeout', 'setInterval', 'setImmediate', 'requestAnimationFrame'];

/** `Date.now`, `globalThis.Date.now`, `Date['now']`, `const { now } = Date`, and the same for the other pairs. */
const bannedMembers = [
  { object: 'Date', property: 'now', message: clock },
  { object: 'performance', property: 'now', message: clock },
  { object: 'performance', property: 'timeOrigin', message: clock },
  { object: 'process', property: 'hrtime', message: clock },
  { object: 'process', property: 'uptime', message: clock },
  { object: 'AbortSignal', property: 'timeout', message: clock },
  { object: 'Math', property: 'random', message: random },
];

const throughGlobalThis = bannedMembers.flatMap(({ object, property, message }) => [
  {
    selector: `MemberExpression[property.name='${property}'] > MemberExpression.object[property.name='${object}']${GLOBAL_OBJECT}`,
    message,
  },
  {
    selector: `MemberExpression[property.value='${property}'] > MemberExpression.object[property.name='${object}']${GLOBAL_OBJECT}`,
    message,
  },
]);

export default defineConfig(
  {
    ignores: [
      'dist/**',
      'coverage/**',
      'docs/api/**',
      'reports/**',
      'temp/**',
      '.stryker-tmp/**',
      'bench/node_modules/**',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { project: ['./tsconfig.all.json'], tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowAny: false, allowNullish: false, allowRegExp: false },
      ],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // There are no enums: `erasableSyntaxOnly` of the compiler refuses them.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-unsafe-enum-comparison': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'all' },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/core/clock.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        ...bannedMembers,
        ...['globalThis', 'global'].flatMap((object) => [
          ...timers.map((property) => ({ object, property, message: clock })),
          { object, property: 'performance', message: clock },
        ]),
      ],
      'no-restricted-globals': ['error', ...timers.map((name) => ({ name, message: clock }))],
      'no-restricted-syntax': [
        'error',
        ...throughGlobalThis,
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: clock },
        { selector: "NewExpression[callee.property.name='Date'][arguments.length=0]", message: clock },
        { selector: "CallExpression[callee.name='Date']", message: clock },
        { selector: "CallExpression[callee.property.name='Date']", message: clock },
      ],
      'no-restricted-imports': [
        'error',
        {
          paths: ['timers', 'timers/promises', 'perf_hooks'].flatMap((name) => [
            { name, message: clock },
            { name: `node:${name}`, message: clock },
          ]),
        },
      ],
      'no-console': 'error',
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
      // Tests hand wrong types and unfinished literals over on purpose, to see them refused.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/only-throw-error': 'off',
    },
  },
  {
    files: ['scripts/**/*.ts', 'examples/**/*.ts', 'bench/**/*.ts', '*.ts'],
    rules: { '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }] },
  },
  {
    files: ['**/*.js', '**/*.cjs'],
    languageOptions: { globals: { module: 'writable', process: 'readonly' } },
  },
  prettier,
);
