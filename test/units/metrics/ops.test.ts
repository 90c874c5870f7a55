import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Metrics } from '../../../src/metrics/metrics.js';
import { seriesOf, type Series } from './exposition.js';

interface Panel {
  title: string;
  targets: { expr: string }[];
  gridPos: { x: number; y: number; w: number; h: number };
}

const dashboard = JSON.parse(readFileSync('ops/grafana-dashboard.json', 'utf8')) as { panels: Panel[] };
const alerts = readFileSync('ops/alerts.yml', 'utf8');
const readme = readFileSync('ops/README.md', 'utf8');

/** What a scrape tells that comes to the metrics once each. */
async function exported(): Promise<Series[]> {
  const metrics = new Metrics({
    sessions: { list: () => [], readiness: () => ({ ready: true, restoring: 0, versionRefused: false }) },
    outbox: { at: () => ({ queued: 0, sending: 0, due: 0, oldestDueAgeMs: 0 }) },
    webhooks: { depth: async () => ({ waiting: 0, parked: 0, oldestWaitingAgeMs: 0 }) },
    now: () => 0,
  });
  for (const status of [200, 401, 500]) metrics.answered('GET', '/metrics', status, 0.1);
  return seriesOf(await metrics.text());
}

/** The `expr` of every rule, one line or a block. */
function expressions(yaml: string): string[] {
  return [...yaml.matchAll(/^ +expr: (?:\|\n((?: {10,}.*\n)+)|(.+)\n)/gm)].map(
    ([, block, line]) => block ?? line ?? '',
  );
}

/** Every `name{label="value"}` of an expression; functions, keywords and the labels of `by` are none. */
function selectors(expr: string): { name: string; matchers: { label: string; values: string[]; not: boolean }[] }[] {
  const bare = expr.replace(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, ' ');
  return [...bare.matchAll(/\b([a-z_][a-z0-9_]*)\b(?!\s*\()(?:\{([^}]*)\})?(?=[^"]*(?:"[^"]*"[^"]*)*$)/g)]
    .filter(([, name = '']) => /_|^up$/.test(name) && !['histogram_quantile'].includes(name))
    .filter(([, name = '']) => !name.startsWith('__'))
    .map(([, name = '', inside = '']) => ({
      name,
      matchers: [...inside.matchAll(/(\w+)(=~|!=|!~|=)"([^"]*)"/g)].map(
        ([, label = '', operator = '', value = '']) => ({
          label,
          values: operator.includes('~') ? value.split('|') : [value],
          not: operator.startsWith('!'),
        }),
      ),
    }))
    .filter(({ name }) => name !== 'up');
}

const all = [
  ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
  ...expressions(alerts).map((expr) => ['alerts.yml', expr] as const),
];

describe('ops/', () => {
  it('is read: panels and rules are found', () => {
    expect(dashboard.panels.length).toBeGreaterThan(15);
    expect(expressions(alerts)).toHaveLength(alerts.match(/- alert:/g)?.length ?? 0);
    expect(selectors('sum by (status) (rate(whatsapp_x_total{job=~"$job", a="b|c"}[5m])) > 0')).toEqual([
      {
        name: 'whatsapp_x_total',
        matchers: [
          { label: 'job', values: ['$job'], not: false },
          { label: 'a', values: ['b|c'], not: false },
        ],
      },
    ]);
  });

  it.each(all)('%s uses only what is exported: %s', async (_where, expr) => {
    const series = await exported();
    const found = selectors(expr);
    if (expr.includes('up{')) return;
    expect(found.length).toBeGreaterThan(0);
    for (const { name, matchers } of found) {
      const ofName = series.filter((one) => one.name === name);
      expect(ofName.length, name).toBeGreaterThan(0);
      for (const { label, values } of matchers.filter((one) => one.label !== 'job')) {
        for (const value of values) {
          expect(
            ofName.some(({ labels }) => labels[label] === value),
            `${name}{${label}="${value}"}`,
          ).toBe(true);
        }
      }
    }
  });

  it('groups by labels that are exported', async () => {
    const labels = new Set((await exported()).flatMap((one) => Object.keys(one.labels)));
    for (const [, expr] of all) {
      for (const [, inside = ''] of expr.matchAll(/\bby \(([^)]*)\)/g)) {
        for (const label of inside.split(',').map((one) => one.trim())) {
          expect([...labels, 'job', 'instance'], expr).toContain(label);
        }
      }
    }
  });

  it('describes every metric of ours, with its labels, and no other', async () => {
    const series = await exported();
    const ours = new Map<string, Set<string>>();
    for (const { name, labels } of series.filter((one) => one.name.startsWith('whatsapp_'))) {
      const base = name.replace(/_(bucket|sum|count)$/, '');
      const known = ours.get(base) ?? new Set<string>();
      for (const label of Object.keys(labels)) if (label !== 'le') known.add(label);
      ours.set(base, known);
    }
    const described = new Map(
      [...readme.matchAll(/^\| `(whatsapp_\w+)` +\| ([^|]*)\|/gm)].map(([, name = '', labels = '']) => [
        name,
        new Set([...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label)),
      ]),
    );
    expect(described).toEqual(ours);
  });

  it('no panel lies on another', () => {
    const places = new Set<string>();
    for (const { title, gridPos } of dashboard.panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(places.has(`${x},${y}`), title).toBe(false);
          places.add(`${x},${y}`);
        }
      }
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    }
  });
});
