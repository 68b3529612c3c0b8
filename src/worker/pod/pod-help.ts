import type { Help } from '../../source/surroundings.ts';

/** What to say in a pod of what the test refers to and is not there. */
export const POD_HELP: Help = {
  absent: 'is not in this namespace',
  object: 'create it (what is created later is seen within about a minute)',
  variable: () => null,
};
