/** What a script learns from how the program ended; in `--help` and docs/cli.md too. */
export const EXIT = {
  /** Done, or the answer is yes. */
  ok: 0,
  /** The service refused, it failed, or the answer is no: not connected, not sent, `doctor` has found something. */
  failed: 1,
  /** The command was not written right; nothing was done. */
  usage: 2,
  /** The service was not reached. Whether a request that was under way was carried out is not known. */
  notReachable: 3,
  /** No API key, or a wrong one. */
  wrongKey: 4,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** An end that has a sentence for people, a stable code for programs, and an exit code for scripts. */
export class CliError extends Error {
  constructor(
    readonly exitCode: ExitCode,
    readonly code: string,
    readonly sentence: string,
    readonly hint?: string,
    /** What the service answered, or further facts; goes into `--json` as it is. */
    readonly facts: Readonly<Record<string, unknown>> = {},
  ) {
    super(sentence);
    this.name = 'CliError';
  }
}

export function usage(sentence: string): CliError {
  return new CliError(EXIT.usage, 'usage', sentence);
}
