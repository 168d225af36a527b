import { createRequire } from 'node:module';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { IngestorService } from '../../../examples/data-ingestor/ingestor-service.ts';
import { root } from '../../../scripts/rooms.ts';
import type { ServiceSettings } from '../../../src/service/service-settings.ts';
import { testService } from '../../../src/testing/index.ts';
import { type Env, configOf, textOf, yamlIn } from './support.ts';

interface Pod {
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: object;
  readonly containers: readonly [
    {
      readonly env: readonly { readonly name: string; readonly value: string }[];
      readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
      readonly securityContext: object;
      readonly resources: object;
      readonly startupProbe: Probe;
      readonly livenessProbe: Probe;
      readonly readinessProbe: Probe;
    },
  ];
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
  readonly failureThreshold: number;
  readonly timeoutSeconds: number;
}

const pod = (yamlIn('deploy/kubernetes.yaml')[0] as { spec: { template: { spec: Pod } } }).spec.template.spec;

const unit = textOf('deploy/data-ingestor.service');
/** Values of a setting of the unit, in order. */
const inUnit = (name: string): readonly string[] =>
  unit.split('\n').flatMap((line) => (line.startsWith(`${name}=`) ? [line.slice(name.length + 1)] : []));

interface App extends Readonly<Record<string, unknown>> {
  readonly kill_timeout: number;
  readonly env: Env;
}
const ecosystem = createRequire(import.meta.url)(
  `${root}examples/data-ingestor/deploy/ecosystem.config.cjs`,
) as { readonly apps: readonly [App] };
const [app] = ecosystem.apps;

const dockerfile = textOf('Dockerfile');

/** Each place the service is run at: its environment, and how long it waits after the signal before it kills. */
const places: readonly (readonly [string, { readonly env: Env; readonly graceMs: number }])[] = [
  [
    'systemd',
    {
      env: Object.fromEntries(
        inUnit('Environment').map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]),
      ),
      graceMs: 1000 * Number(inUnit('TimeoutStopSec')[0]),
    },
  ],
  ['PM2', { env: app.env, graceMs: app.kill_timeout }],
  [
    'Kubernetes',
    {
      env: Object.fromEntries(pod.containers[0].env.map(({ name, value }) => [name, value])),
      graceMs: 1000 * pod.terminationGracePeriodSeconds,
    },
  ],
  [
    'Docker',
    {
      env: Object.fromEntries(
        [...dockerfile.matchAll(/^(?:ENV| {3}) (\w+)=(\S+)/gm)].map(([, name = '', value = '']) => [
          name,
          value,
        ]),
      ),
      graceMs: 1000 * Number(/docker run --stop-timeout (\d+)/.exec(dockerfile)?.[1]),
    },
  ],
];

/** The steps that a stop of the service takes, on a data directory, with everything opened that it can open. */
async function stepsOfStop(): Promise<readonly string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-ingestor-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const tested = await testService(IngestorService, {
    env: { INGESTOR_DATA_DIR: directory, INGESTOR_SERVICE__DRAIN_DELAY_MS: '1000' },
  });
  const stopped = tested.stop();
  await tested.advance(1000);
  return (await stopped).steps.map(({ name }) => name);
}

/** How long these steps can take at most. Requests run beside work; what was still starting is awaited, and has no drain delay. */
function longestMs(steps: readonly string[], settings: ServiceSettings): number {
  const { drainDelayMs, stopTimeoutMs, closeTimeoutMs } = settings;
  // `onDrain` does nothing here.
  const sideBySide = ['onDrain', 'drain', 'requests', 'work'];
  const closed = steps.filter((name) => !sideBySide.includes(name));
  return Math.max(drainDelayMs, stopTimeoutMs) + stopTimeoutMs + closed.length * closeTimeoutMs;
}

describe.each(places)('%s', (_, { env, graceMs }) => {
  test('every setting is one that the service knows, and it runs in production mode', async () => {
    const { settings } = await configOf(env);
    expect(env).toMatchObject({ INGESTOR_PROFILE: 'heavy' });
    expect(settings).toMatchObject({ host: '0.0.0.0', port: 8080, adminPort: 9090, drainDelayMs: 5000 });
  });

  test('waits longer than the longest stop', async () => {
    const { settings } = await configOf(env);
    const longest = longestMs(await stepsOfStop(), settings);
    expect(longest).toBe(90_000); // what the comments in the files say
    expect(graceMs).toBeGreaterThan(longest);
  });
});

test('the steps of a stop are those that the grace periods are made for', async () => {
  expect((await stepsOfStop()).toSorted()).toEqual([
    'audit',
    'close data-directory',
    'close flags',
    'close store',
    'drain',
    'logs',
    'onDrain',
    'onStop',
    'requests',
    'work',
  ]);
});

describe('Kubernetes', () => {
  const [container] = pod.containers;
  const { startupProbe, livenessProbe, readinessProbe } = container;

  test('each probe asks its own route, on the listener for probes', () => {
    expect([startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet)).toEqual([
      { path: '/startup', port: 'admin' },
      { path: '/live', port: 'admin' },
      { path: '/ready', port: 'admin' },
    ]);
    expect(container.ports).toEqual([
      { name: 'http', containerPort: 8080 },
      { name: 'admin', containerPort: 9090 },
    ]);
  });

  test('unreadiness is seen within the drain delay', async () => {
    const { settings } = await configOf(places[2]?.[1].env ?? {});
    expect(1000 * readinessProbe.periodSeconds * readinessProbe.failureThreshold).toBeLessThan(
      settings.drainDelayMs,
    );
  });

  test('a probe waits longer than a check of a dependency may take, which is 2 s', () => {
    for (const { timeoutSeconds } of [startupProbe, readinessProbe])
      expect(timeoutSeconds).toBeGreaterThan(2);
  });

  test('the pod has no rights that it does not need, and bounds for what it takes', () => {
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(container.resources).toMatchObject({ requests: { cpu: '100m' }, limits: { memory: '512Mi' } });
  });

  test('the service leads to the pods, and to the public listener alone', () => {
    const [deployment, service] = yamlIn('deploy/kubernetes.yaml') as [
      { spec: { strategy: object; template: { metadata: { labels: object } } } },
      { spec: { selector: object; ports: object } },
    ];
    expect(service.spec.selector).toEqual(deployment.spec.template.metadata.labels);
    expect(service.spec.ports).toEqual([{ name: 'http', port: 80, targetPort: 'http' }]);
    // A data directory has one owner.
    expect(deployment.spec.strategy).toEqual({ type: 'Recreate' });
  });
});

describe('systemd', () => {
  test('the signal is one that the service listens to, sent to it alone, and a crash restarts it', () => {
    expect(['Type', 'KillSignal', 'KillMode', 'Restart'].map((name) => inUnit(name))).toEqual([
      ['exec'],
      ['SIGTERM'],
      ['mixed'],
      ['on-failure'],
    ]);
  });

  test('it is hardened, but for what the JIT needs', () => {
    expect(inUnit('MemoryDenyWriteExecute')).toEqual([]);
    for (const [name, value] of [
      ['DynamicUser', 'yes'],
      ['NoNewPrivileges', 'yes'],
      ['ProtectSystem', 'strict'],
      ['CapabilityBoundingSet', ''],
    ] as const)
      expect([name, inUnit(name)]).toEqual([name, [value]]);
  });
});

test('PM2: one process, no message awaited', () => {
  expect(app).toMatchObject({ exec_mode: 'fork', instances: 1, wait_ready: false, interpreter: 'node' });
});
