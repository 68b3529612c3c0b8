import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** What became of a run while something went wrong around it. */
export interface FaultRow {
  fault: string;
  /** The target's own count. */
  target: number;
  /** Of the status; null: it was gone with its object. */
  sent: number | null;
  unreported: number | null;
  dropped: number | null;
  /** The most hits that arrived within any second, and the rate asked for. */
  highest: number;
  rate: number;
  /** How often the hit that came most often came, and how often it should have come at most. */
  repeats: number;
  rounds: number;
  end: string;
  /** What was still there of it after the deletion. */
  left: string[];
  /** The law that was broken; empty: none. */
  broken: string;
}

/** Adds a row to the table of this run of tests, if there is one. */
export function record(row: FaultRow): void {
  const file = process.env['TAZ_FAULT_TABLE'];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(row)}\n`);
}

export function readTable(file: string): FaultRow[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as FaultRow);
}

/** As a table for people, in Markdown. */
export function formatTable(rows: readonly FaultRow[]): string {
  const heads = [
    'fault',
    'target',
    'sent',
    'unreported',
    'dropped',
    'highest/s',
    'of',
    'sent twice',
    'end',
    'left',
  ];
  const lines = rows.map((row) => [
    row.fault,
    String(row.target),
    String(row.sent ?? '–'),
    String(row.unreported ?? '–'),
    String(row.dropped ?? '–'),
    String(row.highest),
    `${row.rate}/s`,
    row.repeats > row.rounds ? 'YES' : 'no',
    row.end,
    row.left.length === 0 ? 'nothing' : row.left.join(', '),
    row.broken === '' ? 'holds' : `BROKEN: ${row.broken}`,
  ]);
  return markdown([...heads, 'laws'], lines);
}

function markdown(heads: readonly string[], lines: readonly string[][]): string {
  const widths = heads.map((head, i) => Math.max(head.length, ...lines.map((line) => line[i]!.length)));
  const show = (line: readonly string[]) =>
    `| ${line.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  const rule = widths.map((width) => '-'.repeat(width));
  return [show(heads), show(rule), ...lines.map(show)].join('\n');
}
