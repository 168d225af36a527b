import { z } from 'zod';
import { type DecimalInput, decimal, decimalText } from './decimal.ts';
import { unitsFloor } from './units.ts';

/**
 * An amount of money given in options, 0 or more, in the account currency; read into units, rounded down. What units
 * cannot hold exactly is refused: as a limit it would be none.
 */
export const moneySchema = z
  .custom<DecimalInput>((value) => {
    const text = decimalText(value);
    return text !== undefined && !text.startsWith('-');
  }, 'expected a plain decimal of 0 or more as string, bigint or Decimal')
  .transform((value) => unitsFloor(decimal(value)))
  .refine(Number.isSafeInteger, 'expected at most 9007199254, the exact range of money');
