/**
 * Text with what a terminal would act on written out (`\u001b`), so that what comes out of an event is one line, and looks like
 * what it is. In JSON it means the same as before.
 */
export const printable = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (mark) =>
    mark
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
