/**
 * A strict reader of Prometheus' text format (version 0.0.4): what it does not refuse, Prometheus reads too.
 * It throws for anything outside the format's grammar, for a series without HELP and TYPE before it, for a series that
 * occurs twice, and for a family whose lines are not together.
 */

export interface Family {
  name: string;
  help: string;
  type: string;
  samples: ParsedSample[];
}

export interface ParsedSample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const NUMBER = '[+-]?(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]Inf|NaN';
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (${NUMBER})$`);
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/;
const SUFFIXES: Record<string, string[]> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};

export function parseExposition(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let family = null as Family | null;
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue;
    const help = new RegExp(`^# HELP (${NAME}) (.+)$`).exec(line);
    const type = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram|summary|untyped)$`).exec(line);
    if (help) {
      if (families.has(help[1]!)) throw new Error(`a second family ${help[1]}`);
      family = { name: help[1]!, help: help[2]!, type: '', samples: [] };
      families.set(family.name, family);
    } else if (type) {
      if (family === null || family.name !== type[1] || family.type !== '') {
        throw new Error(`TYPE out of place: ${line}`);
      }
      family.type = type[2]!;
    } else {
      const sample = parseSample(line);
      if (!family?.type) throw new Error(`a sample before its TYPE: ${line}`);
      const suffixes: string[] = SUFFIXES[family.type] ?? [''];
      if (!sample.name.startsWith(family.name) || !suffixes.includes(sample.name.slice(family.name.length)))
        throw new Error(`${sample.name} is none of the family ${family.name}`);
      const key = JSON.stringify([sample.name, sample.labels], Object.keys(sample.labels).sort());
      if (seen.has(key)) throw new Error(`twice: ${line}`);
      seen.add(key);
      family.samples.push(sample);
    }
  }
  return families;
}

function parseSample(line: string): ParsedSample {
  const match = SAMPLE.exec(line);
  if (!match) throw new Error(`no sample: ${line}`);
  const labels: Record<string, string> = {};
  let rest = match[2] ?? '';
  while (rest !== '') {
    const label = LABEL.exec(rest);
    if (!label) throw new Error(`no label: ${rest}`);
    if (label[1]! in labels) throw new Error(`the label ${label[1]} twice: ${line}`);
    labels[label[1]!] = label[2]!.replace(/\\(.)/g, (_, escaped: string) =>
      escaped === 'n' ? '\n' : escaped,
    );
    rest = rest.slice(label[0].length);
  }
  return { name: match[1]!, labels, value: Number(match[3]!.replace('Inf', 'Infinity')) };
}
