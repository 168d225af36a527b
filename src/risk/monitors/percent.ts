/** A fraction for a reason: `20.00 %`. */
export const percent = (fraction: number): string => `${(fraction * 100).toFixed(2)} %`;
