import type { MetricsRegistry } from '../../telemetry/index.ts';
import { CIRCUIT_STATES, type CircuitStateName } from './circuit-state.ts';

const CIRCUIT_BREAKER_STATE = {
  name: 'trading_circuit_breaker_state',
  help: '1 for the state that the circuit breaker of a target is in, 0 for the others.',
  labels: { target: 'any', state: CIRCUIT_STATES },
} as const;

const CIRCUIT_BREAKER_TRANSITIONS = {
  name: 'trading_circuit_breaker_transitions_total',
  help: 'Changes of state of a circuit breaker, by the state that it went to.',
  labels: { target: 'any', to: CIRCUIT_STATES },
} as const;

/** Shows the state of one circuit. */
export class CircuitMetrics {
  readonly #target: string;
  readonly #state;
  readonly #transitions;

  /** @throws {PortcullisError} `METRIC_CONFLICT` when the registry has other metrics of these names */
  constructor(target: string, metrics: Pick<MetricsRegistry, 'counter' | 'gauge'>) {
    this.#target = target;
    this.#state = metrics.gauge(CIRCUIT_BREAKER_STATE);
    this.#transitions = metrics.counter(CIRCUIT_BREAKER_TRANSITIONS);
    this.#transitions.expect({ target });
    this.#show('closed');
  }

  became(to: CircuitStateName): void {
    this.#show(to);
    this.#transitions.inc({ target: this.#target, to });
  }

  #show(current: CircuitStateName): void {
    for (const state of CIRCUIT_STATES)
      this.#state.set({ target: this.#target, state }, state === current ? 1 : 0);
  }
}
