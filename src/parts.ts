/**
 * One part of a service. `Rooms` is what all parts share: a part adds to it what it builds, and uses what others built
 * before.
 */
export interface Part<Rooms> {
  readonly name: string;
  /** When it throws or rejects, it has left nothing open itself. */
  start(rooms: Rooms): void | Promise<void>;
  /** Called once, when it was started. */
  stop?(rooms: Rooms): void | Promise<void>;
}

export interface StartedParts {
  /**
   * Stops every part, the one that was started last first, and each although another one failed. Idempotent.
   * @throws the first failure, after the last part was stopped
   */
  readonly stop: () => Promise<void>;
}

/**
 * Starts the parts in the order of the list, one after another.
 * @throws what the part that failed threw; what was started before it is stopped then
 */
export async function startParts<Rooms>(list: readonly Part<Rooms>[], rooms: Rooms): Promise<StartedParts> {
  const started: Part<Rooms>[] = [];
  const stopAll = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (let part = started.pop(); part; part = started.pop()) {
      try {
        await part.stop?.(rooms);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  };
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= stopAll());
  for (const part of list) {
    try {
      await part.start(rooms);
    } catch (error) {
      // Why it could not start is what a person must read; what else fails on the way out is a consequence.
      await stop().catch(() => {});
      throw error;
    }
    started.push(part);
  }
  return { stop };
}
