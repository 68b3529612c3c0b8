import { type FunctionEntry } from './function-entry.ts';
import { functionTable } from './function-table.ts';

const COSTS: Record<FunctionEntry['cost'], string> = {
  tiny: 'under 0.1 µs',
  small: 'under 1 µs',
  'by length': 'grows with the text',
  'by template': 'what the template costs',
};

/** The part of `docs/templates.md` that lists all functions, as it is to stand there. */
export function functionsMarkdown(): string {
  return functionTable.map(entryMarkdown).join('\n');
}

function entryMarkdown({ signature, doc, example, renders, cost }: FunctionEntry): string {
  const result = renders === null ? '' : `\n→ ${renders}`;
  return `### \`${signature}\`\n\n${doc} Cost: ${COSTS[cost]}.\n\n\`\`\`text\n${example}${result}\n\`\`\`\n`;
}
