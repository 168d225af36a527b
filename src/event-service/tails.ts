import type { FastifyReply } from 'fastify';
import { HttpProblem, type Service } from '../service/index.ts';
import type { Counter, Gauge, LabelsOf, Logger } from '../telemetry/index.ts';
import { busProblem } from './bus-problem.ts';
import { EventTail, TAIL_ENDS, type TailDeps, type TailLimits } from './event-tail.ts';
import type { TailRequest } from './tail-query.ts';

const TAILS = { name: 'trading_event_tails', help: 'Readers that get events over HTTP now.' } as const;

const ENDED = {
  name: 'trading_event_tails_ended_total',
  help: 'Tails over HTTP by why they ended; slow: the reader did not take what was there for it.',
  labels: { because: TAIL_ENDS },
} as const;

/** The tails of one service: so many at once, each part of the service's work until it has ended. */
export class Tails {
  readonly #limits: TailLimits & { readonly maxTails: number };
  readonly #service: TailingService;
  readonly #gauge: Gauge<object>;
  readonly #ended: Counter<LabelsOf<typeof ENDED.labels>>;
  #open = 0;

  constructor(limits: TailLimits & { readonly maxTails: number }, service: TailingService) {
    this.#limits = limits;
    this.#service = service;
    this.#gauge = service.metrics.gauge(TAILS);
    this.#ended = service.metrics.counter(ENDED);
  }

  /** @throws {HttpProblem} 400 for a position that is none, 503 when there are too many, or the bus is closed */
  open(
    request: TailRequest,
    { bus, format }: Pick<TailDeps, 'bus' | 'format'>,
    reply: FastifyReply,
  ): EventTail {
    const { maxTails } = this.#limits;
    if (this.#open >= maxTails) throw new HttpProblem(503, `${maxTails} readers are here already`);
    const { clock, log } = this.#service;
    const tail = opened(() => new EventTail(request, this.#limits, { bus, format, clock, log }), log);
    this.#gauge.set(++this.#open);
    // Also when the connection broke; where the answer is out, it has ended already.
    reply.raw.once('close', () => {
      tail.end('client');
    });
    void this.#watch(tail, reply);
    return tail;
  }

  async #watch(tail: EventTail, reply: FastifyReply): Promise<void> {
    try {
      await this.#service.run('event-tail', async ({ signal }) => {
        const onEnd = (): void => {
          tail.end('stopping');
        };
        signal.addEventListener('abort', onEnd, { once: true });
        if (signal.aborted) onEnd();
        const because = await tail.over;
        signal.removeEventListener('abort', onEnd);
        this.#ended.inc({ because });
        if (because === 'slow')
          this.#service.log.warn({ ...this.#limits }, 'tail cut: its reader is too slow');
        // Nothing that looks like an end: what is missing can be had with Last-Event-ID.
        if (because === 'slow' || because === 'failed') reply.raw.destroy();
      });
    } catch {
      // It stops, and takes no more work.
      tail.end('stopping');
    } finally {
      this.#gauge.set(--this.#open);
    }
  }
}

/** What a tail needs of the service that it is part of. */
export type TailingService = Pick<Service, 'clock' | 'log' | 'metrics' | 'run'>;

function opened(open: () => EventTail, log: Logger): EventTail {
  try {
    return open();
  } catch (error) {
    throw busProblem(error, log);
  }
}
