/** What is wrong with a target, in words for the person who wrote it: the field, its value, what would be right. */
export class TargetError extends Error {
  override readonly name = 'TargetError';
}
