/**
 * Why a source cannot be read: one line for the person who wrote the test, with the thing, its value and what would be
 * right. The same failure has the same text, so that it can be told once.
 */
export class SourceError extends Error {
  override readonly name: string = 'SourceError';
}

/** What was listed is gone or another by the time it is read: to be listed again. */
export class MovedError extends SourceError {
  override readonly name = 'MovedError';
}
