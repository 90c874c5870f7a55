import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * A disk of its own, a few megabytes, that can really be full. Needs root; a machine that does not let us mount has
 * none.
 */
export class SmallDisk {
  private readonly ballast: string;

  private constructor(readonly place: string) {
    this.ballast = path.join(place, 'ballast');
  }

  static isPossible(): boolean {
    try {
      this.mount(1).unmount();
      return true;
    } catch {
      return false;
    }
  }

  static mount(megabytes: number): SmallDisk {
    const place = mkdtempSync(path.join(tmpdir(), 'whatsapp-server-disk-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'tmpfs', place], { stdio: 'ignore' });
      return new SmallDisk(place);
    } catch (error) {
      rmSync(place, { recursive: true });
      throw error;
    }
  }

  /** Writes until not one byte more fits. */
  fill(): void {
    for (const size of [1 << 20, 1 << 16, 4096]) {
      const chunk = Buffer.alloc(size);
      try {
        for (;;) writeFileSync(this.ballast, chunk, { flag: 'a' });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  }

  makeRoom(): void {
    rmSync(this.ballast, { force: true });
  }

  /** What lies on it moves to another place, and it is gone. */
  moveTo(directory: string): void {
    this.makeRoom();
    cpSync(this.place, directory, { recursive: true });
    this.unmount();
  }

  private unmount(): void {
    execFileSync('umount', [this.place]);
    rmSync(this.place, { recursive: true });
  }
}
