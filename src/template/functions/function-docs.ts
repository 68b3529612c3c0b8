import { type FunctionEntry } from './function-entry.ts';
import { functionTable } from './function-table.ts';

/** The part of `docs/templates.md` that lists all functions, as it is to stand there. */
export function functionsMarkdown(): string {
  return functionTable.map(entryMarkdown).join('\n');
}

function entryMarkdown({ signature, doc, example, renders, costUs, more }: FunctionEntry): string {
  const result = renders === null ? '' : `\n→ ${renders}`;
  const cost = `${costUs} µs${more === undefined ? '' : `, more ${more}`}`;
  return `### \`${signature}\`\n\n${doc} Cost: ${cost}.\n\n\`\`\`text\n${example}${result}\n\`\`\`\n`;
}
