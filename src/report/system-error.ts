/** What to say for the errors of files that a person can do something about. */
const IN_WORDS: Record<string, string> = {
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would become larger than is allowed',
  EIO: 'input/output error of the device',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ENOENT: 'no such file or directory',
  ENOTDIR: 'a part of the path is not a directory',
  EISDIR: 'it is a directory',
  EMFILE: 'too many open files (see `ulimit -n`)',
  ENFILE: 'too many open files in the system',
};

/** An error of the operating system in a few words, without the path and without a stack. */
export function systemErrorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return code !== undefined && IN_WORDS[code] ? `${IN_WORDS[code]} (${code})` : error.message;
}
