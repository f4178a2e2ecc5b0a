/** An argument as a POSIX shell takes it, for the commands in hints: as it is where that is safe, else in single quotes. */
export const shellWord = (word: string): string => (/^[\p{L}\p{N}_@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
