import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { type Answer, answerInTime } from '../../src/desk/answer-in-time.ts';

/** Asks a question that the test answers, and notes in which order the answers arrive. */
function ask(timeoutMs = 100) {
  const clock = new ManualClock();
  const question = Promise.withResolvers<string>();
  const heard: unknown[] = [];
  let signal: AbortSignal | undefined;
  const answer: Promise<Answer<string>> = answerInTime(
    clock,
    timeoutMs,
    (given) => {
      signal = given;
      return question.promise;
    },
    (value) => heard.push(`late ${value}`),
  );
  void answer.then((said) => heard.push(said));
  const turn = (ms = 0): Promise<void> => {
    clock.advance(ms);
    return clock.turn();
  };
  return { clock, question, heard, turn, aborted: () => signal?.aborted };
}

const NONE = { kind: 'none', reason: 'no answer within 100 ms' };

describe('answerInTime', () => {
  test('gives an answer in the last millisecond, and lets go of the deadline', async () => {
    const { clock, question, heard, turn, aborted } = ask();
    await turn(99);
    question.resolve('yes');
    await turn();
    expect(heard).toEqual([{ kind: 'answer', value: 'yes' }]);
    expect([clock.nextDueMs, aborted()]).toEqual([Infinity, false]);
  });

  test('gives up at the deadline, and aborts the wait', async () => {
    const { heard, turn, aborted } = ask();
    await turn(99);
    expect([heard, aborted()]).toEqual([[], false]);
    await turn(1);
    expect([heard, aborted()]).toEqual([[NONE], true]);
  });

  test('tells a late answer once, after it has said that there was none', async () => {
    const { question, heard, turn } = ask();
    await turn(100);
    question.resolve('yes');
    await turn();
    expect(heard).toEqual([NONE, 'late yes']);
  });

  test('keeps that order when answer and deadline meet', async () => {
    const { clock, question, heard, turn } = ask();
    question.resolve('yes');
    clock.advance(100);
    await turn();
    expect(heard).toEqual([NONE, 'late yes']);
  });

  test('an error is no answer, and lets go of the deadline', async () => {
    const { clock, question, heard, turn } = ask();
    question.reject(new Error('refused'));
    await turn();
    expect([heard, clock.nextDueMs]).toEqual([[{ kind: 'none', reason: 'refused' }], Infinity]);
  });

  test('a late error is not heard', async () => {
    const { question, heard, turn } = ask();
    await turn(100);
    question.reject(new Error('refused'));
    await turn();
    expect(heard).toEqual([NONE]);
  });

  test('a question that throws at once, and one that gives no promise, have no answer', async () => {
    const clock = new ManualClock();
    const throwing = answerInTime(clock, 100, () => {
      throw new Error('at once');
    });
    expect(await throwing).toEqual({ kind: 'none', reason: 'at once' });
    expect(await answerInTime(clock, 100, () => undefined as never)).toMatchObject({ kind: 'none' });
    expect(clock.nextDueMs).toBe(Infinity);
  });

  test('without a listener a late answer is dropped', async () => {
    const clock = new ManualClock();
    const question = Promise.withResolvers<string>();
    const answer = answerInTime(clock, 100, () => question.promise);
    clock.advance(100);
    question.resolve('yes');
    expect(await answer).toEqual(NONE);
  });
});
