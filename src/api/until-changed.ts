import type { Response } from 'express';

/**
 * Waits until `isOver` says so, asked at each change, at the latest for `ms`; also until the caller hangs up or the
 * service stops, whose open requests must end.
 */
export async function untilChanged(
  source: {
    /** Calls back at each change; returns what ends it. */
    readonly watch: (listener: () => void) => () => void;
    readonly onEnd: (listener: () => void) => () => void;
  },
  response: Response,
  isOver: () => boolean | Promise<boolean>,
  ms: number,
): Promise<void> {
  const endings: (() => void)[] = [];
  try {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      endings.push(() => clearTimeout(timer));
      endings.push(source.onEnd(resolve));
      response.once('close', resolve);
      endings.push(() => void response.off('close', resolve));
      const look = async (): Promise<void> => {
        try {
          if (await isOver()) resolve();
        } catch {
          // The answer that is made now meets the same, and tells it.
          resolve();
        }
      };
      endings.push(source.watch(() => void look()));
      // Between the caller's last look and now nothing was watched.
      void look();
    });
  } finally {
    for (const end of endings) end();
  }
}
