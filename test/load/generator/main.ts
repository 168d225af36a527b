/** The process that sends orders. It is told what to do over the channel to its parent, and ends with it. */
import { OpenLoop } from './open-loop.ts';
import { OrderRequests } from './order-request.ts';

/** What it is told. */
export type GeneratorOrder =
  | { readonly kind: 'begin'; readonly prefix: string; readonly instrumentIds: readonly string[] }
  | { readonly kind: 'target'; readonly url: string }
  | { readonly kind: 'run'; readonly rate: number; readonly seconds: number };

let loop: OpenLoop | undefined;

process.on('message', (order: GeneratorOrder) => {
  if (order.kind === 'begin') {
    const requests = new OrderRequests(order.prefix, order.instrumentIds);
    loop = new OpenLoop(() => requests.next());
  } else if (order.kind === 'target') loop?.target(order.url);
  else void loop?.run(order).then((result) => process.send?.(result));
});
process.once('disconnect', () => process.exit(0));
