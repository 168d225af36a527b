import { BlockList, isIP } from 'node:net';
import { PortcullisError } from '../../core/errors.ts';

/** Networks that no public service lives in: private, loopback, link-local, shared, reserved and multicast. */
const NOT_PUBLIC = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // `::`, `::1` and the deprecated way to write an IPv4 address in an IPv6 one.
  '::/96',
  '::ffff:0:0:0/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/32',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
];

/** IPv6 networks in whose addresses an IPv4 address is what is really reached: by NAT64, by 6to4. */
const CARRIERS = [
  { network: '64:ff9b::/96', firstGroup: 6 },
  { network: '2002::/16', firstGroup: 1 },
].map(({ network, firstGroup }) => ({ list: listOf([network]), firstGroup }));

const NOT_PUBLIC_LIST = listOf(NOT_PUBLIC);

/**
 * Which addresses may be connected to. Judges the address itself, whatever the name it was found under, so that a name
 * which leads somewhere else the second time gains nothing.
 */
export class AddressGuard {
  readonly #allowed: BlockList | 'all';

  /**
   * @param allowPrivate `true`: every address. `false`: public ones only. A list of CIDRs: those as well
   * @throws {PortcullisError} `OPTION_INVALID` on a CIDR that is none
   */
  constructor(allowPrivate: boolean | readonly string[]) {
    this.#allowed = allowPrivate === true ? 'all' : listOf(allowPrivate === false ? [] : allowPrivate);
  }

  /** @param address an IP address, IPv6 without brackets; anything else is refused */
  allows(address: string): boolean {
    const family = familyOf(address);
    if (family === undefined) return false;
    if (this.#allowed === 'all' || this.#allowed.check(address, family)) return true;
    if (NOT_PUBLIC_LIST.check(address, family)) return false;
    const carried = family === 'ipv6' ? carriedAddress(address) : undefined;
    return carried === undefined || this.allows(carried);
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  // An address with a zone is link-local, and BlockList takes none.
  if (address.includes('%')) return undefined;
  const family = isIP(address);
  if (family === 4) return 'ipv4';
  return family === 6 ? 'ipv6' : undefined;
}

function carriedAddress(address: string): string | undefined {
  const carrier = CARRIERS.find(({ list }) => list.check(address, 'ipv6'));
  if (carrier === undefined) return undefined;
  const [high = 0, low = 0] = groupsOf(address).slice(carrier.firstGroup, carrier.firstGroup + 2);
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  // The URL parser writes a dotted end in hexadecimal.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = new Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16));
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix = ''] = network.split('/');
    const family = familyOf(address);
    const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Infinity;
    if (family === undefined || bits > (family === 'ipv4' ? 32 : 128) || network.split('/').length !== 2) {
      throw new PortcullisError(
        'OPTION_INVALID',
        `allowPrivateAddresses: expected a CIDR such as 10.0.0.0/8, got ${JSON.stringify(network)}`,
      );
    }
    list.addSubnet(address, bits, family);
  }
  return list;
}
