import { z } from 'zod';

/** How many bars an indicator looks at. The ceiling is TA-Lib's. */
export const period = (lowest: number) => z.int().min(lowest).max(100_000);
