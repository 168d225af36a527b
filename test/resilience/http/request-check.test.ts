import { describe, expect, test } from 'vitest';
import { originProblem, requestProblem } from '../../../src/resilience/http/request-check.ts';
import type { HttpRequest } from '../../../src/resilience/index.ts';

const request = (overrides: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  origin: 'https://api.example.com',
  path: '/time?a=1&b=%20',
  headers: { 'x-api-key': 'abc', accept: 'a/b; q=0.5,\tc/d' },
  ...overrides,
});

describe('requestProblem', () => {
  test.each([
    request(),
    request({ method: 'DELETE' }),
    request({ path: '/' }),
    request({ headers: {} }),
    request({ headers: { 'x-latin': 'caf\u00e9' } }),
  ])('finds none in %j', (good) => {
    expect(requestProblem(good)).toBeUndefined();
  });

  test.each([
    ['a value with a line break', { headers: { 'x-a': 'secret\r\nx-admin: 1' } }, 'headers.x-a'],
    ['a value with a bare line feed', { headers: { 'x-a': 'secret\nx' } }, 'headers.x-a'],
    ['a value with a zero byte', { headers: { 'x-a': 'secret\0' } }, 'headers.x-a'],
    ['a value beyond Latin-1', { headers: { 'x-a': 'secret\u010a' } }, 'headers.x-a'],
    ['a value that is no text', { headers: { 'x-a': 5 as unknown as string } }, 'headers.x-a'],
    ['a name with a line break', { headers: { 'secret\r\nx': '1' } }, 'headers: a name'],
    ['a name with a colon', { headers: { 'secret:': '1' } }, 'headers: a name'],
    ['an empty name', { headers: { '': 'secret' } }, 'headers: a name'],
    ['a path with a line break', { path: '/secret\r\n' }, 'path'],
    ['a path with a space', { path: '/secret HTTP/1.1' }, 'path'],
    ['a path beyond ASCII', { path: '/secret\u00e9' }, 'path'],
    ['a path that is another address', { path: 'http://secret/' }, 'path'],
    ['an empty path', { path: '' }, 'path'],
    ['a method with a space', { method: 'GET /secret' }, 'method'],
    ['a method in small letters', { method: 'get' }, 'method'],
    ['CONNECT', { method: 'CONNECT' }, 'method'],
    ['TRACE', { method: 'TRACE' }, 'method'],
  ])('finds %s, and does not show it', (_what, overrides, where) => {
    const problem = requestProblem(request(overrides));
    expect(problem).toMatchObject({ code: 'OPTION_INVALID' });
    expect(problem?.message).toContain(where);
    expect(problem?.message).not.toContain('secret');
  });

  test.each([
    'Host',
    'content-length',
    'Transfer-Encoding',
    'connection',
    'keep-alive',
    'upgrade',
    'expect',
    'TE',
    'trailer',
    'Proxy-Authorization',
  ])('leaves %s to the transport', (name) => {
    expect(requestProblem(request({ headers: { [name]: '1' } }))?.message).toBe(
      `HttpRequest: headers.${name}: the transport sets it`,
    );
  });
});

describe('originProblem', () => {
  test.each(['https://api.example.com', 'http://127.0.0.1:8080', 'https://[::1]:8443', 'https://a.b/'])(
    'finds none in %s',
    (origin) => {
      expect(originProblem(origin)).toBeUndefined();
    },
  );

  test.each([
    'api.example.com',
    '',
    'ftp://a.b',
    'file:///etc/passwd',
    'https://user:secret@a.b',
    'https://user@a.b',
    'https://:secret@a.b',
    'https://a.b/path',
    'https://a.b?secret=1',
    'https://a.b#secret',
    'http://[::1',
  ])('finds one in %j, and does not show it', (origin) => {
    expect(originProblem(origin)?.message).toBe(
      'HttpRequest: origin: expected scheme, name and port, such as https://api.example.com',
    );
  });
});
