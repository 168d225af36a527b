import { describe, expect, test } from 'vitest';
import { AddressGuard } from '../../../src/resilience/http/address-guard.ts';

const publicOnly = new AddressGuard(false);

describe('AddressGuard', () => {
  test.each([
    // The first and the last of a network are refused, their neighbours are not.
    ['0.0.0.0', '0.255.255.255', '1.0.0.0'],
    ['10.0.0.0', '10.255.255.255', '9.255.255.255', '11.0.0.0'],
    ['100.64.0.0', '100.127.255.255', '100.63.255.255', '100.128.0.0'],
    ['127.0.0.0', '127.255.255.255', '126.255.255.255', '128.0.0.0'],
    ['169.254.0.0', '169.254.255.255', '169.253.255.255', '169.255.0.0'],
    ['172.16.0.0', '172.31.255.255', '172.15.255.255', '172.32.0.0'],
    ['192.0.0.0', '192.0.0.255', '191.255.255.255', '192.0.1.0'],
    ['192.168.0.0', '192.168.255.255', '192.167.255.255', '192.169.0.0'],
    ['198.18.0.0', '198.19.255.255', '198.17.255.255', '198.20.0.0'],
    ['224.0.0.0', '255.255.255.255', '223.255.255.255'],
    ['::', '::1', '1::', '::1:0:0:0'],
    ['fc00::', 'fdff:ffff::1', 'fbff::1', 'fe00::'],
    ['fe80::', 'febf:ffff::1', 'fe7f::1'],
    ['fec0::', 'feff::1', 'fe00::1'],
    ['ff00::', 'ffff::1'],
    ['64:ff9b:1::', '64:ff9b:1:ffff::1', '64:ff9b:2::'],
    ['2001::', '2001:0:ffff::1', '2001:1::'],
  ])('knows where the network of %s ends', (first, last, ...neighbours) => {
    expect([first, last].map((address) => publicOnly.allows(address))).toEqual([false, false]);
    expect(neighbours.map((address) => publicOnly.allows(address))).toEqual(neighbours.map(() => true));
  });

  test.each([
    ['mapped', '::ffff:127.0.0.1', '::ffff:8.8.8.8'],
    ['mapped, in hexadecimal', '::ffff:7f00:1', '::ffff:808:808'],
    ['behind NAT64', '64:ff9b::10.0.0.1', '64:ff9b::8.8.8.8'],
    ['behind NAT64, in hexadecimal', '64:ff9b::a00:1', '64:ff9b::808:808'],
    ['in 6to4', '2002:c0a8:0101::1', '2002:808:808::1'],
    ['in 6to4, link-local', '2002:a9fe:a9fe::', '2002:0808:0808:1:2:3:4:5'],
  ])('judges the IPv4 address that is %s', (_how, denied, allowed) => {
    expect([publicOnly.allows(denied), publicOnly.allows(allowed)]).toEqual([false, true]);
  });

  test.each(['8.8.8.8', '2606:4700::1111'])('lets %s through', (address) => {
    expect(publicOnly.allows(address)).toBe(true);
  });

  test.each([
    '',
    'localhost',
    '127.1',
    '[::1]',
    'fe80::1%eth0',
    '2606:4700::1%1',
    '8.8.8.8 ',
    '1.2.3',
    '0x08080808',
  ])('refuses %j, which is no address', (text) => {
    expect(publicOnly.allows(text)).toBe(false);
  });

  test('lets every address through when all private ones are allowed, and still nothing that is none', () => {
    const all = new AddressGuard(true);
    expect(['127.0.0.1', '::1', '8.8.8.8', 'localhost'].map((address) => all.allows(address))).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  test('lets the listed networks through, and no other private one', () => {
    const some = new AddressGuard(['10.1.0.0/16', 'fd00:1::/32']);
    const verdicts = [
      '10.1.255.255',
      '10.2.0.0',
      'fd00:1::5',
      'fd00:2::5',
      '::ffff:10.1.0.1',
      '64:ff9b::10.1.0.1',
      '8.8.8.8',
    ].map((address) => some.allows(address));
    expect(verdicts).toEqual([true, false, true, false, true, true, true]);
  });

  test.each([
    '10.0.0.0',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0/8',
    'fd00::/129',
    'intranet/8',
    '10.0.0.0/8/8',
    '10.0.0.0/1e1',
  ])('refuses %j as a network, by name', (network) => {
    expect(() => new AddressGuard([network])).toThrow(
      `allowPrivateAddresses: expected a CIDR such as 10.0.0.0/8, got "${network}"`,
    );
  });
});
