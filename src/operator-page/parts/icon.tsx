/** Line drawings on a grid of 24; they never speak: whatever they say stands beside them in words. */
const PATHS = {
  check: 'm5 12.5 4.5 4.5L19 7.5',
  dots: 'M5 12h.01M12 12h.01M19 12h.01',
  turning: 'M20 11a8 8 0 1 0-2.3 6.3M20 5v6h-6',
  scan: 'M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M8 8h3v3H8zM13 13h3v3h-3zM13 8h3M8 14v2',
  unplugged: 'M3 3l18 18M8.5 8.5l-3 3a4 4 0 0 0 6 6l2-2M15.5 15.5l3-3a4 4 0 0 0-6-6l-2 2',
  out: 'M14 4H5v16h9M10 12h10M17 8.5 20.5 12 17 15.5',
  pause: 'M8 5v14M16 5v14',
  sleep: 'M12 3a9 9 0 1 0 9 9M12 7v5l3 2M16 3h5l-5 5h5',
  warning: 'M12 4 2.5 20h19L12 4ZM12 10v4.5M12 17.2v.1',
  back: 'M15 5l-7 7 7 7',
  search: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM15.5 15.5 20 20',
  plus: 'M12 5v14M5 12h14',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z',
  system: 'M3 5h18v11H3zM8 20h8M12 16v4',
  globe: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM3.5 9h17M3.5 15h17M12 3c-4.5 5-4.5 13 0 18M12 3c4.5 5 4.5 13 0 18',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  send: 'M4 12 20 4l-5 16-4-6-7-2ZM11 14l9-10',
  link: 'M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 6 6l1-1',
  phone: 'M7 2.5h10v19H7zM11 18.5h2',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7v5l3.5 2',
  key: 'M8 15a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 11h9v3M17 11v3',
  broom: 'M14 3l-3 8M6 11h11l2 9H5l1-9ZM9 20v-4M13 20v-4',
  cross: 'M6 6l12 12M18 6 6 18',
  message: 'M4 5h16v11H9l-5 4V5Z',
  play: 'M8 5v14l11-7L8 5Z',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
