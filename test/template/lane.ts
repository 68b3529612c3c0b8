import type { EventOptions, LaneIdentity, TemplateContent } from '../../src/template/content.ts';
import { LaneTemplates } from '../../src/template/lane-templates.ts';
import { makeTemplateContent } from '../../src/template/make-content.ts';
import { TemplateError } from '../../src/template/template-error.ts';

export const LANE: LaneIdentity = { lane: 0, lanes: 1, replacement: 0 };

const EVENTS: EventOptions = {
  reuse: 0,
  duplicates: 0,
  idField: 'messageId',
  seed: 'test',
  profiles: 10,
  pool: 16,
};

export interface Given {
  entry?: string;
  variables?: Record<string, string | string[]>;
  secrets?: string[];
  events?: Partial<EventOptions>;
}

export function contentOf(files: Record<string, string>, given: Given = {}): TemplateContent {
  const { entry = 'entry', variables = {}, secrets = [], events = {} } = given;
  return makeTemplateContent({ entry, files, variables, secrets, events: { ...EVENTS, ...events } });
}

/** The templates of a lane, of which `entry` is the one to render where only a text is given. */
export function laneOf(files: Record<string, string> | string, given: Given = {}): LaneTemplates {
  return new LaneTemplates(contentOf(typeof files === 'string' ? { entry: files } : files, given), LANE);
}

/** What the template `entry` renders to. */
export function rendered(files: Record<string, string> | string, given: Given = {}): string {
  return laneOf(files, given).render('entry');
}

/** The error that compiling or rendering `entry` throws. */
export function errorOf(files: Record<string, string> | string, given: Given = {}): TemplateError {
  try {
    const text = rendered(files, given);
    throw new Error(`it rendered ${JSON.stringify(text)}`);
  } catch (error) {
    if (error instanceof TemplateError) return error;
    throw error;
  }
}
