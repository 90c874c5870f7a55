import { useState } from 'preact/hooks';
import type { ServiceEvent } from '../answers.js';
import { eventGroup, type EventGroup } from '../event-words.js';
import { usePages } from '../live/use-pages.js';
import { call } from '../service.js';
import { words } from '../settings.js';
import { EventList } from '../parts/event-list.js';
import { Button, Chips, Fault, Loading, Panel } from '../parts/parts.js';

/** Events of one reading. */
const PAGE = 60;

/** Everything that happened to one organization, newest first. */
export function HistoryTab({ id }: { id: string }) {
  const { history, older } = words.value;
  const [kind, setKind] = useState<EventGroup | 'all'>('all');
  const pages = usePages<ServiceEvent>(
    `history ${id}`,
    async (after, end) => {
      const query = { organization_id: id, order: 'desc', limit: PAGE, after: after ?? undefined } as const;
      const { events, next } = await call('GET /api/events', { query }, { signal: end });
      return { items: [...events], next };
    },
    (event) => event.organization_id === id,
  );
  const shown = pages.items.filter((event) => kind === 'all' || eventGroup(event) === kind);
  return (
    <Panel title={history.title}>
      <Chips
        label={history.show}
        value={kind}
        options={(['all', 'session', 'faults', 'messages'] as const).map((one) => [one, history.kinds[one]] as const)}
        onValue={setKind}
      />
      <Fault fault={pages.fault} onRetry={pages.reload} />
      {!pages.isLoaded && !pages.fault && <Loading />}
      {pages.isLoaded && shown.length === 0 && <p>{history.empty}</p>}
      <EventList events={shown} />
      {pages.hasOlder && (
        <div class="buttons">
          <Button busy={pages.isLoadingOlder} onClick={pages.loadOlder}>
            {older}
          </Button>
        </div>
      )}
    </Panel>
  );
}
