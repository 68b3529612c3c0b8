import type { ScalarTag } from 'yaml';

/**
 * How kubectl reads unquoted scalars: YAML 1.1 as the Go library `yaml.v2` understands it. `y`, `on` and `yes` are
 * true, `010` is 8, `1_000` is 1000, `1e3` is a number; `1:30`, dates and everything else are texts.
 */
export const SCALAR_TAGS: ScalarTag[] = [
  {
    tag: 'tag:yaml.org,2002:null',
    default: true,
    test: /^(?:|~|null|Null|NULL)$/,
    resolve: () => null,
  },
  {
    tag: 'tag:yaml.org,2002:bool',
    default: true,
    test: /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/,
    resolve: () => true,
  },
  {
    tag: 'tag:yaml.org,2002:bool',
    default: true,
    test: /^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/,
    resolve: () => false,
  },
  {
    tag: 'tag:yaml.org,2002:int',
    default: true,
    test: /^[-+]?(?=[0-9])(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO]?[0-7_]+|[1-9][0-9_]*|0)$/,
    resolve: wholeNumber,
  },
  {
    tag: 'tag:yaml.org,2002:float',
    default: true,
    test: /^[-+]?(?:\.[0-9][0-9_]*|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9_]+)?$/,
    resolve: (text) => Number(text.replaceAll('_', '')),
  },
  {
    tag: 'tag:yaml.org,2002:float',
    default: true,
    test: /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
    resolve: (text) => {
      if (/nan/i.test(text)) return Number.NaN;
      return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    },
  },
];

/** Go's `ParseInt` with base 0: a leading 0 means octal. */
function wholeNumber(text: string): number {
  const [, sign, prefix, digits] = /^([-+]?)(0[xXbBoO]|0(?=[0-7]))?(.*)$/.exec(text.replaceAll('_', ''))!;
  const base = prefix === undefined ? 10 : ({ x: 16, b: 2 }[prefix.slice(1).toLowerCase()] ?? 8);
  const value = Number.parseInt(digits!, base);
  return sign === '-' ? -value : value;
}
