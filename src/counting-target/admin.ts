import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { type Behaviour, formatBehaviour, parseBehaviour } from './behaviour.ts';
import type { Stats } from './stats.ts';

/** What the control paths read and change. */
export interface Controls {
  stats: Stats;
  behaviour(): Readonly<Behaviour>;
  setBehaviour(behaviour: Readonly<Behaviour>): void;
  /** Back to the behaviour of the start. */
  resetBehaviour(): void;
}

const CONTROL_PATHS: Readonly<Record<string, string>> = {
  '/stats': 'GET, DELETE',
  '/behaviour': 'GET, PUT, DELETE',
};

/** Whether a request is for the target's own controls: it is answered at once and not counted. */
export function isControl(request: IncomingMessage): boolean {
  return request.url !== undefined && Object.hasOwn(CONTROL_PATHS, request.url);
}

/**
 * `GET /stats`, `DELETE /stats` (forgets all counts), `GET /behaviour`, `PUT /behaviour` (changes the fields that it
 * names), `DELETE /behaviour` (back to the behaviour of the start).
 */
export async function answerControl(
  request: IncomingMessage,
  response: ServerResponse,
  controls: Controls,
): Promise<void> {
  switch (`${request.method} ${request.url}`) {
    case 'GET /stats':
      return answer(response, 200, controls.stats.snapshot());
    case 'DELETE /stats':
      controls.stats.reset();
      return answer(response, 200, controls.stats.snapshot());
    case 'PUT /behaviour': {
      const problems = changeBehaviour(await text(request), controls);
      if (problems.length > 0) return answer(response, 400, { problems });
      return answer(response, 200, formatBehaviour(controls.behaviour()));
    }
    case 'DELETE /behaviour':
      controls.resetBehaviour();
      return answer(response, 200, formatBehaviour(controls.behaviour()));
    case 'GET /behaviour':
      return answer(response, 200, formatBehaviour(controls.behaviour()));
    default: {
      const allow = CONTROL_PATHS[request.url!]!;
      response.setHeader('allow', allow);
      return answer(response, 405, { problems: [`${request.url} answers to ${allow}`] });
    }
  }
}

function changeBehaviour(json: string, controls: Controls): string[] {
  let fields: unknown;
  try {
    fields = JSON.parse(json);
  } catch (error) {
    return [`the body is not JSON: ${(error as Error).message}`];
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    return ['the body is not a JSON object such as {"latency": "200ms", "fail": "5%"}'];
  }
  const { behaviour, problems } = parseBehaviour(fields as Record<string, unknown>, controls.behaviour());
  if (behaviour) controls.setBehaviour(behaviour);
  return problems;
}

function answer(response: ServerResponse, status: number, value: unknown): void {
  response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(`${JSON.stringify(value, null, 2)}\n`);
}
