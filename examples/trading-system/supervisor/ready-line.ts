import { z } from 'zod';

/** As services of the example say it, and the toy exchange. */
const readySchema = z.union([
  z.object({ ready: z.literal(true), url: z.url().optional() }),
  z.object({ listening: z.int().min(1) }),
]);

/** Where a process is, when the line says that it is ready. */
export function readyUrl(line: string): { readonly url: string | undefined } | undefined {
  if (!line.startsWith('{')) return undefined;
  const ready = readySchema.safeParse(jsonIn(line)).data;
  if (ready === undefined) return undefined;
  return 'listening' in ready ? { url: `http://127.0.0.1:${ready.listening}` } : { url: ready.url };
}

function jsonIn(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
