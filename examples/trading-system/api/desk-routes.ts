import type { HttpApi } from 'portcullis/service';
import { limitChange, limits, limitsChanged } from './limits.ts';
import { explanation, intent } from './orders.ts';

/** What the trading process that is active answers, and the risk service by asking it. */
export const deskRoutes = <const T extends string>(...tags: readonly T[]) =>
  ({
    explainOrder: {
      method: 'POST',
      path: '/explain',
      body: intent,
      response: explanation,
      summary: 'What every gate would say to an order now. Leaves no trace.',
      tags,
    },
    getLimits: { method: 'GET', path: '/limits', response: limits, summary: 'The limits in force.', tags },
    changeLimits: {
      method: 'PUT',
      path: '/limits',
      body: limitChange,
      response: limitsChanged,
      summary: 'Changes limits while orders go on.',
      description: 'For persons. A lower limit counts at once, a higher one when it is on disk and audited.',
      tags,
    },
  }) as const satisfies HttpApi;
