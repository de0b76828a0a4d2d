import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Options, parseOptions, printOptions } from './option-text.ts';
import { OPTION_SETS, type OptionSet, optionNames, optionType } from './option-types.ts';
import { dhcpValue, type OptionValue, raValue } from './option-value.ts';

const v4 = fc.ipV4();
const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/);
const domain = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'));
const printable = fc.stringMatching(/^[ -~]{1,40}$/).filter((text) => text.trim() === text || text.length > 0);

/** a value of each type, in the form that reading gives */
function valueOf(set: OptionSet, name: string): fc.Arbitrary<OptionValue> {
  const type = optionType(set, name);
  if (typeof type === 'string') throw new Error(name);
  switch (type.kind) {
    case 'addresses': {
      const one = type.family === 4 ? v4 : fc.integer({ min: 1, max: 0xffff }).map((n) => `fd00::${n.toString(16)}`);
      return fc
        .array(one, { minLength: 1, maxLength: type.most ?? 4 })
        .map((addresses) => ({ kind: 'addresses', addresses }));
    }
    case 'integer':
      return fc.integer({ min: type.least, max: type.greatest }).map((value) => ({ kind: 'integer', value }));
    case 'flag':
      return fc.boolean().map((value) => ({ kind: 'flag', value, spelling: type.spelling }));
    case 'choice':
      return fc.constantFrom(...type.values).map((word) => ({ kind: 'choice', word }));
    case 'text':
      return printable.map((text) => ({ kind: 'text', text }));
    case 'host':
      return fc.oneof(
        v4.map((address): OptionValue => ({ kind: 'addresses', addresses: [address] })),
        domain.filter((text) => !/^\d/.test(text)).map((text): OptionValue => ({ kind: 'text', text })),
      );
    case 'domains':
      return fc.array(domain, { minLength: 1, maxLength: 3 }).map((names) => ({ kind: 'domains', names }));
    case 'mac':
      return fc
        .integer({ min: 0, max: 255 })
        .map((n) => ({ kind: 'mac', mac: `02:00:00:00:00:${n.toString(16).padStart(2, '0')}` }));
    case 'routes':
      return fc
        .array(fc.record({ n: fc.integer({ min: 0, max: 255 }), gw: v4 }), { minLength: 1, maxLength: 5 })
        .map((routes) => ({ kind: 'routes', routes: routes.map(({ n, gw }) => ({ dst: `10.${n}.0.0/16`, gw })) }));
    case 'preferredRoutes':
      return fc
        .array(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 3 })
        .map((numbers) => ({ kind: 'preferredRoutes', routes: numbers.map((n) => `HIGH-fd00:${n}::/48`) }));
  }
}

const optionsOf = (set: OptionSet): fc.Arbitrary<Options> =>
  fc
    .subarray([...optionNames(set)])
    .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, valueOf(set, name)]))));

for (const set of OPTION_SETS) {
  test(`${set}: what is printed is read back as it was`, () => {
    fc.assert(
      fc.property(optionsOf(set), (options) => {
        expect(parseOptions(set, printOptions(options))).toEqual({ options });
      }),
    );
  });

  test(`${set}: blanks between the parts mean nothing`, () => {
    fc.assert(
      fc.property(optionsOf(set), (options) => {
        const spaced = Object.entries(options)
          .map(([name]) => ` ${name} = ${printOptions({ [name]: options[name]! }).slice(name.length + 1)} `)
          .join(',');
        expect(parseOptions(set, spaced)).toEqual({ options });
      }),
    );
  });
}

test('hostile strings: never an exception, and never more than one constant of the flow language', () => {
  const hostile = fc.oneof(
    fc.string(),
    fc.stringMatching(/^[a-z_=",{};\\ 0-9.:/()&|$]*$/),
    fc.constantFrom(
      'domain_name="a"; output;',
      'domain_name=a\\"); drop; ("',
      'hostname="a\nb"',
      '__proto__=1',
      'constructor=1',
    ),
  );
  // one address, number, MAC, or word; a list in braces; one string whose quotes are escaped
  const constant = /^("([^"\\]|\\["\\])*"|\{[0-9a-f.:/,]+\}|[A-Za-z0-9._:/,-]+)$/;
  fc.assert(
    fc.property(fc.constantFrom(...OPTION_SETS), hostile, (set, text) => {
      const parsed = parseOptions(set, text);
      if ('problem' in parsed) {
        expect(parsed.problem).not.toBe('');
        return;
      }
      for (const value of Object.values(parsed.options)) {
        expect(dhcpValue(value)).toMatch(constant);
        expect(raValue(value)).not.toMatch(/[\n]/);
        if (set === 'ra') expect(raValue(value)).not.toMatch(/["\\();]/);
      }
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['dns_server=8.8.8.8,8.8.4.4', /"8.8.4.4" is no option: write name=value, and several values as name=\{a,b\}/],
  ['dns_servers=8.8.8.8', /option dns_servers is not one that OVN knows: use one of T1, T2, arp_cache_timeout, /],
  ['mtu=60', /option mtu must be a whole number from 68 to 65535/],
  ['router=fd00::1', /option router must be IPv4 addresses/],
  ['lease_time=3600,lease_time=60', /option lease_time stands twice/],
  ['lease_time=3600,', /ends with a comma after option lease_time/],
  ['domain_name="a', /option domain_name has a quote that does not end/],
  ['dns_server={8.8.8.8', /option dns_server has a brace that does not end/],
  ['netmask=255.0.0.0', /option netmask follows from spec.cidrBlock/],
  ['classless_static_route={10.0.0.5/24,10.0.0.1}', /has host bits in 10.0.0.5\/24: 10.0.0.0\/24 is meant/],
  ['classless_static_route={10.0.0.0/24}', /option classless_static_route must be \{prefix,router,...\}/],
  ['domain_search_list={a b}', /must be domain names .* "a b" is none/],
  ['hostname=é', /must consist of printable ASCII/],
])('%s', (text, problem) => {
  const parsed = parseOptions('dhcpv4', text);
  expect('problem' in parsed && parsed.problem).toMatch(problem);
});

test('Kube-OVN’s own spelling', () => {
  const parsed = parseOptions(
    'dhcpv4',
    'lease_time=3600, router=10.0.0.1, dns_server=8.8.8.8;1.1.1.1, domain_name="a,b{c}"',
  );
  expect(
    'options' in parsed &&
      Object.fromEntries(Object.entries(parsed.options).map(([name, value]) => [name, dhcpValue(value)])),
  ).toEqual({
    lease_time: '3600',
    router: '10.0.0.1',
    dns_server: '{8.8.8.8,1.1.1.1}',
    domain_name: '"a,b{c}"',
  });
});
