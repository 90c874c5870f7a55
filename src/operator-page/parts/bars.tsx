import type { RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { formatNumber } from '../format.js';
import { words } from '../settings.js';
import { Panel } from './parts.js';

export interface Series {
  name: string;
  /** Its colour and pattern in the stylesheet: `bar-accepted`. */
  look: string;
  values: readonly number[];
}

interface BarsProps {
  title: string;
  series: readonly Series[];
  /** Names of the buckets in the table, and of some of them under the bars. */
  labels: readonly string[];
  /** Side by side, or one upon the other. */
  stacked?: boolean;
}

/** Pixels; the width is the room that there is. */
const HEIGHT = 180;
/** Until the room was measured. */
const FIRST_WIDTH = 640;
/** A name under the bars takes so much. */
const LABEL_WIDTH = 64;
const WIDE_LABEL = 96;
/** Room for the numbers on the left, and above the highest bar. */
const LEFT = 34;
const TOP = 8;

/** Bars over time, with a legend that has the sums, and the same numbers as a table for whoever does not see them. */
export function Bars({ title, series, labels, stacked = false }: BarsProps) {
  const { charts } = words.value;
  const sums = series.map(({ values }) => values.reduce((sum, value) => sum + value, 0));
  const nothing = sums.every((sum) => sum === 0);
  const sumWords = series.map(({ name }, place) => charts.total(name, sums[place] ?? 0));
  return (
    <Panel title={title}>
      <ul class="legend">
        {series.map(({ name, look }, place) => (
          <li key={name}>
            <svg class="legend-mark" viewBox="0 0 12 12" aria-hidden="true">
              <rect class={look} width="12" height="12" rx="3" />
            </svg>
            {name} <strong>{formatNumber(sums[place] ?? 0)}</strong>
          </li>
        ))}
      </ul>
      {nothing ? (
        <p class="quiet">{charts.nothing}</p>
      ) : (
        <>
          <Drawing
            series={series}
            labels={labels}
            stacked={stacked}
            summary={charts.summary(title, sumWords.join(', '))}
          />
          <BarsTable title={title} series={series} labels={labels} />
        </>
      )}
    </Panel>
  );
}

function Drawing({
  series,
  labels,
  stacked,
  summary,
}: Required<Pick<BarsProps, 'series' | 'labels' | 'stacked'>> & { summary: string }) {
  const [place, width] = useWidth();
  const heights = labels.map((_, bucket) => {
    const values = series.map(({ values: of }) => of[bucket] ?? 0);
    return stacked ? values.reduce((sum, value) => sum + value, 0) : Math.max(...values);
  });
  const top = niceTop(Math.max(...heights));
  const slot = (width - LEFT) / labels.length;
  const scale = (value: number): number => (value / top) * (HEIGHT - TOP);
  const label = (labels[0] ?? '').length > 6 ? WIDE_LABEL : LABEL_WIDTH;
  const every = Math.ceil((labels.length * label) / (width - LEFT));
  return (
    <svg
      class="chart"
      ref={place}
      viewBox={`0 0 ${width} ${HEIGHT + 22}`}
      height={HEIGHT + 22}
      role="img"
      aria-label={summary}
    >
      {[0, top / 2, top].map((value) => (
        <g key={value}>
          <line class="chart-line" x1={LEFT} x2={width} y1={HEIGHT - scale(value)} y2={HEIGHT - scale(value)} />
          <text class="chart-text" x={LEFT - 6} y={HEIGHT - scale(value) + 4} text-anchor="end">
            {formatNumber(value)}
          </text>
        </g>
      ))}
      {labels.map((label, bucket) => (
        <g key={bucket}>
          <Bucket series={series} bucket={bucket} label={label} stacked={stacked} slot={slot} scale={scale} />
          {bucket % every === 0 && (
            <text class="chart-text" x={LEFT + bucket * slot} y={HEIGHT + 16}>
              {label}
            </text>
          )}
        </g>
      ))}
    </svg>
  );
}

interface BucketProps {
  series: readonly Series[];
  bucket: number;
  label: string;
  stacked: boolean;
  /** Pixels from one bucket to the next. */
  slot: number;
  /** A value's height, pixels. */
  scale: (value: number) => number;
}

/** The bars of one moment. */
function Bucket({ series, bucket, label, stacked, slot, scale }: BucketProps) {
  const bar = stacked ? slot * 0.7 : (slot * 0.8) / series.length;
  let under = 0;
  return (
    <>
      {series.map(({ name, look, values }, place) => {
        const value = values[bucket] ?? 0;
        if (value === 0) return null;
        const height = Math.max(2, scale(value));
        const y = HEIGHT - (stacked ? scale(under) : 0) - height;
        if (stacked) under += value;
        const x = LEFT + bucket * slot + (stacked ? slot * 0.15 : slot * 0.1 + place * bar);
        return (
          <rect
            key={name}
            class={look}
            x={x}
            y={y}
            width={Math.max(1, bar - 0.6)}
            height={height}
            rx={Math.min(2, bar / 4)}
          >
            <title>{`${label}: ${name} ${formatNumber(value)}`}</title>
          </rect>
        );
      })}
    </>
  );
}

function BarsTable({ title, series, labels }: Pick<BarsProps, 'title' | 'series' | 'labels'>) {
  const { charts } = words.value;
  const full = labels
    .map((_, bucket) => bucket)
    .filter((bucket) => series.some(({ values }) => (values[bucket] ?? 0) > 0));
  return (
    <details class="more">
      <summary>{charts.table}</summary>
      {/* Wider than a small phone: it scrolls by itself, also with the keyboard. */}
      <div class="scrolls" tabIndex={0} role="region" aria-label={`${title}: ${charts.table}`}>
        <table>
          <caption class="unseen">{title}</caption>
          <thead>
            <tr>
              <th scope="col">{charts.time}</th>
              {series.map(({ name }) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {full.map((bucket) => (
              <tr key={bucket}>
                <th scope="row">{labels[bucket]}</th>
                {series.map(({ name, values }) => (
                  <td key={name}>{formatNumber(values[bucket] ?? 0)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

/** The width that an element has, as it changes. */
function useWidth(): [RefObject<SVGSVGElement | null>, number] {
  const place = useRef<SVGSVGElement>(null);
  const [width, setWidth] = useState(FIRST_WIDTH);
  useLayoutEffect(() => {
    if (!place.current) return;
    const watch = new ResizeObserver(([entry]) => {
      if (entry && entry.contentRect.width > 0) setWidth(Math.round(entry.contentRect.width));
    });
    watch.observe(place.current);
    return () => watch.disconnect();
  }, []);
  return [place, width];
}

/** The next even number of the shape 2, 4, 10, 20, 40, 100 …, so that half of it is a whole number too. */
function niceTop(value: number): number {
  let step = 1;
  while (true) {
    for (const one of [2, 4, 6, 8, 10]) if (one * step >= value) return one * step;
    step *= 10;
  }
}
