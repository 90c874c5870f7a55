import { useState } from 'preact/hooks';
import type { Charts } from '../answers.js';
import { formatMoment, formatShortClock, formatShortDay } from '../format.js';
import { useLoaded } from '../live/use-loaded.js';
import { call } from '../service.js';
import { words } from '../settings.js';
import { Bars } from '../parts/bars.js';
import { Chips, Fault, Loading } from '../parts/parts.js';

type Span = 'hour' | 'day' | 'week';
const HOUR = 3_600_000;
/** How long, in how many bars. */
const SPANS: Readonly<Record<Span, { ms: number; buckets: number }>> = {
  hour: { ms: HOUR, buckets: 12 },
  day: { ms: 24 * HOUR, buckets: 24 },
  week: { ms: 7 * 24 * HOUR, buckets: 28 },
};

/** Messages and faults of one organization over time. */
export function ChartsTab({ id }: { id: string }) {
  const { charts: say } = words.value;
  const [span, setSpan] = useState<Span>('day');
  const { ms, buckets } = SPANS[span];
  const { data, fault, reload } = useLoaded(
    `charts ${id} ${span}`,
    (end) => {
      // Whole steps, so that the bars stand still while the time goes on.
      const step = ms / buckets;
      const to = Math.ceil(Date.now() / step) * step;
      const query = {
        organization_id: id,
        from: new Date(to - ms).toISOString(),
        to: new Date(to).toISOString(),
        buckets,
      };
      return call('GET /api/charts', { query }, { signal: end });
    },
    (event) => event.organization_id === id && 'soon',
  );
  return (
    <>
      <Chips
        label={say.span}
        value={span}
        options={(['hour', 'day', 'week'] as const).map((one) => [one, say.spans[one]] as const)}
        onValue={setSpan}
      />
      <Fault fault={fault} onRetry={reload} />
      {!data && !fault && <Loading />}
      {data && <Drawn data={data} span={span} />}
    </>
  );
}

function Drawn({ data, span }: { data: Charts; span: Span }) {
  const { charts: say } = words.value;
  const { messages, faults, reconnects, cleanings, complete_from: completeFrom } = data;
  const labels = messages.map(({ at }) =>
    span === 'week' ? `${formatShortDay(at)} ${formatShortClock(at)}` : formatShortClock(at),
  );
  const isPartly = completeFrom !== null && new Date(completeFrom) > new Date(data.from);
  return (
    <>
      {isPartly && <p class="notice">{say.incomplete(formatMoment(completeFrom))}</p>}
      <div class="charts">
        <Bars
          title={say.messages}
          labels={labels}
          series={(['accepted', 'sent', 'delivered', 'read', 'failed'] as const).map((one) => ({
            name: say[one],
            look: `bar-${one}`,
            values: messages.map((bucket) => bucket[one]),
          }))}
        />
        <Bars
          title={say.faults}
          labels={labels}
          stacked
          series={(['bad_mac', 'stream_error', 'other'] as const).map((one) => ({
            name: say[one],
            look: `bar-${one}`,
            values: faults.map((bucket) => bucket[one]),
          }))}
        />
        <Bars
          title={say.connection}
          labels={labels}
          series={[
            { name: say.reconnects, look: 'bar-reconnects', values: reconnects.map(({ count }) => count) },
            { name: say.cleanings, look: 'bar-cleanings', values: cleanings.map(({ count }) => count) },
          ]}
        />
      </div>
    </>
  );
}
