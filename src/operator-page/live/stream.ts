import { signal } from '@preact/signals';
import type { ServiceEvent } from '../answers.js';
import { EVENT_NAMES } from './event-names.js';
import { call, reachable, signedIn } from '../service.js';

/**
 * ms before the stream is opened again after the service closed it for good (stop, too many streams); doubled each
 * time, up to the second.
 */
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 15_000;
/**
 * ms between two looks whether the service is there at all: a phone that slept may hold a dead stream without knowing.
 */
const LOOK_EVERY = 20_000;

type Listener = (event: ServiceEvent) => void;

/** Whether what is shown follows the service; false from the first sign of a lost connection. */
export const live = signal(true);
/** Grows when the connection is back after a loss, or the page after a sleep: whatever is shown must be read again. */
export const comeBacks = signal(0);

/** Whether the stream was opened since the sign-in; what is read from then on misses nothing. */
export const started = signal(false);

const listeners = new Set<Listener>();
let source: EventSource | null = null;
let lastId: string | null = null;
let wait = FIRST_WAIT;
let timer: ReturnType<typeof setTimeout> | undefined;
let looks: ReturnType<typeof setInterval> | undefined;

/** Hears each event of the service; returns a function that ends it. */
export function onEvent(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * Opens the stream at the newest event. What is read after this has resolved misses nothing: whatever happens later is
 * in the stream, and after a break the stream begins with what was missed.
 */
export async function openStream(): Promise<void> {
  closeStream();
  try {
    const { events } = await call('GET /api/events', { query: { order: 'desc', limit: 1 } });
    lastId = events[0]?.id ?? null;
  } catch {
    lastId = null;
  }
  // Signed out meanwhile.
  if (!signedIn.value) return;
  connect();
  started.value = true;
  looks = setInterval(() => void look(), LOOK_EVERY);
}

export function closeStream(): void {
  source?.close();
  source = null;
  started.value = false;
  live.value = true;
  clearTimeout(timer);
  clearInterval(looks);
}

function connect(): void {
  source?.close();
  clearTimeout(timer);
  const opened = new EventSource(`/api/events/stream${lastId === null ? '' : `?after=${lastId}`}`);
  source = opened;
  opened.onopen = () => {
    wait = FIRST_WAIT;
    reachable.value = true;
    if (!live.value) comeBacks.value += 1;
    live.value = true;
  };
  opened.onerror = () => {
    live.value = false;
    // The browser tries again by itself, unless the service answered with an error.
    if (opened.readyState === EventSource.CLOSED && opened === source) void afterRefusal();
  };
  for (const name of EVENT_NAMES) opened.addEventListener(name, hear);
}

async function afterRefusal(): Promise<void> {
  try {
    await call('GET /api/service', {});
  } catch {
    // A 401 ends the sign-in by itself; everything else is tried again.
  }
  if (!signedIn.value) return;
  timer = setTimeout(connect, wait);
  wait = Math.min(LONGEST_WAIT, wait * 2);
}

function hear({ data }: MessageEvent<string>): void {
  const event = JSON.parse(data) as ServiceEvent;
  lastId = event.id;
  for (const listener of listeners) listener(event);
}

async function look(): Promise<void> {
  if (document.visibilityState === 'hidden' || !signedIn.value) return;
  try {
    await call('GET /health', {});
    if (!live.value && source?.readyState === EventSource.CLOSED) connect();
  } catch {
    live.value = false;
  }
}

function wake(): void {
  if (!signedIn.value || document.visibilityState === 'hidden') return;
  comeBacks.value += 1;
  connect();
}

/** ms hidden after which everything is read anew: shorter than that, the stream has certainly lived on. */
const SLEPT = 30_000;
let hiddenAt: number | null = null;
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden') hiddenAt = Date.now();
  else if (hiddenAt !== null && Date.now() - hiddenAt > SLEPT) wake();
});
addEventListener('online', wake);
addEventListener('offline', () => {
  live.value = false;
});
