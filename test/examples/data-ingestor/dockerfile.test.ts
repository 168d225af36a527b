import { describe, expect, test } from 'vitest';
import { configOf, textOf } from './support.ts';

/** Instructions of the Dockerfile, continued lines joined, comments left out. */
const instructions = textOf('Dockerfile')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, ' ')
  .split('\n')
  .filter((line) => line !== '');
const lastStage = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM ')));
const of = (name: string): readonly string[] =>
  lastStage.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));

describe('Dockerfile', () => {
  test('two stages on the same Node, pinned to its major version', () => {
    expect(instructions.filter((line) => line.startsWith('FROM '))).toEqual([
      'FROM node:24-bookworm-slim AS packages',
      'FROM node:24-bookworm-slim',
    ]);
  });

  test('packages as the lockfile says, without those for development', () => {
    expect(instructions).toContain('RUN npm ci --omit=dev --no-audit --no-fund');
    expect(of('COPY')).toEqual([
      '--from=packages /app/node_modules ./node_modules',
      'package.json ./',
      '*.ts ./',
    ]);
  });

  test('not as root, from before anything runs', () => {
    expect(of('USER')).toEqual(['node']);
    const at = (name: string): number => lastStage.findIndex((line) => line.startsWith(name));
    expect(at('USER')).toBeGreaterThan(at('COPY'));
    expect(at('USER')).toBeLessThan(at('ENTRYPOINT'));
  });

  test('Node is the first process and gets the signal itself', () => {
    expect(of('ENTRYPOINT')).toEqual(['["node", "service.ts"]']);
    expect([of('STOPSIGNAL'), of('CMD')]).toEqual([['SIGTERM'], []]);
  });

  test('its health check asks /live where the service listens for probes', async () => {
    const env = Object.fromEntries(
      of('ENV')
        .flatMap((line) => line.split(/\s+/))
        .map((pair) => pair.split('=') as [string, string]),
    );
    const { settings, own } = await configOf(env);
    expect(of('HEALTHCHECK')[0]).toContain(`http://${settings.adminHost}:${settings.adminPort ?? 0}/live`);
    expect(of('EXPOSE')).toEqual([`${settings.port} ${settings.adminPort ?? 0}`]);
    expect(of('VOLUME')).toEqual([own.dataDir]);
  });

  test('no secret is built in', () => {
    expect(instructions.filter((line) => /^ARG|KEY|TOKEN|PASSWORD/.test(line))).toEqual([]);
  });
});
