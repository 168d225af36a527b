import type { LoadResult } from './load-part.ts';
import { type LoadRun, outcomesText } from './load-run.ts';
import type { Distribution } from './measure/distribution.ts';
import type { Quantiles } from './measure/histogram.ts';
import type { ProfileSummary } from './measure/profile.ts';
import type { machine } from './measure/usage.ts';
import type { Rounds, RoundsResult } from './rounds/rounds-part.ts';

/** All that was measured. */
export interface LoadReport {
  readonly command: string;
  readonly startedAt: string;
  readonly tookMs: number;
  readonly machine: ReturnType<typeof machine>;
  readonly load: readonly LoadResult[];
  readonly rounds?: RoundsResult;
  /** Parts that could not be measured, and why. */
  readonly failed: readonly { readonly part: string; readonly why: string }[];
}

/** The same for people. */
export function reportText({ command, machine: on, load, rounds, failed, tookMs }: LoadReport): string {
  const { cpu, cores, memoryMb, node, loadAverage } = on;
  return [
    `${command}: ${(tookMs / 60_000).toFixed(1)} min`,
    `${cores} cores of ${cpu}, ${memoryMb} MB, Node ${node}, load average ${loadAverage.toFixed(1)} before it`,
    ...load.flatMap(loadLines),
    ...roundLines('takeover: kill -9 to the first order taken by the other process', rounds?.takeover),
    ...roundLines('kill switch, announced: from the answer to a trip', rounds?.push),
    ...roundLines('kill switch, not announced: found by looking', rounds?.poll),
    ...failed.map(({ part, why }) => `\n${part} could not be measured: ${why}`),
  ].join('\n');
}

function loadLines(result: LoadResult): readonly string[] {
  const { variant, highestRate, highestRateInTime = 0, highestRateWithEvents = 0 } = result;
  const { ramp, held, full, profile, profiledRate } = result;
  return [
    '',
    variant,
    ...(highestRate === undefined
      ? []
      : [
          `  highest rate that gets through: ${rateText(highestRate)}; in time: ${rateText(highestRateInTime)} over HTTP, ${rateText(highestRateWithEvents)} with events`,
          ...ramp.map(stepLine),
        ]),
    ...(held === undefined ? [] : runLines(held)),
    ...runLines(full),
    ...(profile === undefined ? [] : profileLines(profile, profiledRate)),
  ];
}

const stepLine = ({ rate, seconds, api, event, machineFraction }: LoadRun): string =>
  `    ${String(rate).padStart(5)}/s for ${seconds} s: API p50 ${ms(api.p50Ms)}  p99 ${ms(api.p99Ms)}, events p50 ${ms(event.p50Ms)}  p99 ${ms(event.p99Ms)} ms, machine ${percent(machineFraction)} busy`;

const rateText = (rate: number): string => (rate === 0 ? 'none' : `${rate}/s`);

function runLines(run: LoadRun): readonly string[] {
  const { rate, seconds, acceptedPerSec, errorFraction, machineFraction, ended, processes } = run;
  return [
    `  ${rate}/s for ${seconds} s: ${acceptedPerSec.toFixed(1)}/s accepted, ${(100 * errorFraction).toFixed(3)} % not (${outcomesText(run)})`,
    `    API    ${quantileText(run.api)}`,
    `    sent   ${quantileText(run.apiFromSend)}`,
    `    late   ${quantileText(run.sendLate)}`,
    `    events ${quantileText(run.event)}`,
    `    machine ${percent(machineFraction)} busy${ended.length === 0 ? '' : `; ended by themselves: ${ended.join(', ')}`}`,
    ...processes.map(
      ({ name, cpuFraction, rssMb, loopP99Ms, loopMaxMs }) =>
        `    ${name.padEnd(13)} CPU ${percent(cpuFraction)}  RSS ${rssMb.toFixed(0).padStart(5)} MB` +
        (Number.isNaN(loopP99Ms) ? '' : `  loop p99 ${ms(loopP99Ms)} max ${ms(loopMaxMs)} ms`),
    ),
    run.missed.length === 0 ? '    all targets met' : `    missed: ${run.missed.join(', ')}`,
  ];
}

const profileLines = ({ busyFraction, top }: ProfileSummary, rate: number): readonly string[] => [
  `  the process that trades at ${rate}/s, busy ${percent(busyFraction)}; functions with the most time of their own:`,
  ...top.map(({ name, where, fraction }) => `    ${percent(fraction)}  ${name}  ${where}`),
];

function roundLines(title: string, rounds: Rounds<string> | undefined): readonly string[] {
  if (rounds === undefined) return [];
  return [
    `\n${title}, ${rounds.rounds.length} rounds, ms`,
    `  ${''.padEnd(14)}     min     p50     p90     p99     max`,
    ...Object.entries<Distribution>(rounds.distributions).map(
      ([part, { minMs, p50Ms, p90Ms, p99Ms, maxMs }]) =>
        `  ${part.padEnd(14)}${[minMs, p50Ms, p90Ms, p99Ms, maxMs].map((value) => value.toFixed(0).padStart(8)).join('')}`,
    ),
    ...rounds.failed.map((why) => `  failed: ${why}`),
  ];
}

const quantileText = ({ p50Ms, p90Ms, p99Ms, p999Ms, maxMs, count }: Quantiles): string =>
  `p50 ${ms(p50Ms)}  p90 ${ms(p90Ms)}  p99 ${ms(p99Ms)}  p99.9 ${ms(p999Ms)}  max ${ms(maxMs)} ms  (${count})`;

const ms = (value: number): string => value.toFixed(1).padStart(7);
const percent = (fraction: number): string => `${(100 * fraction).toFixed(1).padStart(5)} %`;
