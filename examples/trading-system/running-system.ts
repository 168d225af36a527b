import { EventEmitter } from 'node:events';
import type { Clock } from 'portcullis/core';
import type { BaseEnterpriseService } from 'portcullis/service';
import { type Logger, MetricsRegistry } from 'portcullis/telemetry';
import type { Role, SystemConfig } from './config.ts';
import { openParts } from './parts/open-parts.ts';
import type { TradingParts } from './parts/parts.ts';
import { SERVICES, START_ORDER } from './roles.ts';
import type { TradingServicePorts } from './services/trading-service.ts';

export interface SystemOptions {
  /** Default: all of them. */
  readonly roles?: readonly Role[];
  /** Of each, from 1. */
  readonly instance?: number;
}

export interface SystemDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether a service has begun to stop that nobody asked to. */
  readonly onEnded?: (role: Role) => void;
  /** As the trading service has it. */
  readonly onLeaseLost?: (reason: string) => void;
  readonly onJournalFailed?: (reason: string) => void;
}

interface Running {
  readonly role: Role;
  readonly service: BaseEnterpriseService;
}

/** Services of one process on the parts that they share, as the configuration says. */
export class RunningSystem {
  readonly parts: TradingParts;
  readonly #running: Running[] = [];
  #stopped: Promise<boolean> | undefined;

  private constructor(parts: TradingParts) {
    this.parts = parts;
  }

  /** @throws {PortcullisError} what opening throws, and `SERVICE_START_FAILED`, after everything was closed again */
  static async start(
    config: SystemConfig,
    { roles = START_ORDER, instance = 1 }: SystemOptions,
    { clock, logger, onEnded, onLeaseLost, onJournalFailed }: SystemDeps,
  ): Promise<RunningSystem> {
    // A process of one service shows the bus beside it.
    const metrics = new MetricsRegistry({}, { clock });
    const system = new RunningSystem(await openParts(config, { clock, metrics, logger }));
    const ports: TradingServicePorts = {
      // Signals and crashes of the process are this program's business, not that of one service of it.
      ...{ signals: new EventEmitter(), exit: () => undefined },
      ...(roles.length === 1 && { metrics }),
      ...(onLeaseLost && { onLeaseLost }),
      ...(onJournalFailed && { onJournalFailed }),
    };
    try {
      for (const role of START_ORDER.filter((one) => roles.includes(one))) {
        const service = SERVICES[role]({ config, instance }, system.parts, ports);
        system.#running.push({ role, service });
        await service.start();
        service.signal.addEventListener('abort', () => {
          if (system.#stopped === undefined) onEnded?.(role);
        });
      }
      return system;
    } catch (error) {
      await system.stop('not all services have started');
      throw error;
    }
  }

  /** Where each is. */
  addresses(): readonly { readonly role: Role; readonly url: string }[] {
    return this.#running.map(({ role, service }) => ({ role, url: service.address }));
  }

  service(role: Role): BaseEnterpriseService | undefined {
    return this.#running.find((one) => one.role === role)?.service;
  }

  /** One after the other, who was started last first; then what they share. @returns whether nothing was cut or failed */
  stop(reason: string): Promise<boolean> {
    return (this.#stopped ??= this.#stop(reason));
  }

  async #stop(reason: string): Promise<boolean> {
    let isClean = true;
    for (const { service } of [...this.#running].reverse()) {
      const report = await service.stop(reason);
      isClean &&= !report.forced && report.steps.every(({ outcome }) => outcome === 'done');
    }
    await this.parts.close();
    return isClean;
  }
}
