import type { ServiceEvent } from '../answers.js';
import { eventWords } from '../event-words.js';
import { formatClock, formatDay, formatExact } from '../format.js';
import { eventLook } from '../looks.js';
import { Icon } from './icon.js';

/** Events, newest first, by day. */
export function EventList({ events }: { events: readonly ServiceEvent[] }) {
  const days = new Map<string, ServiceEvent[]>();
  for (const event of events) {
    const name = formatDay(event.at);
    const those = days.get(name);
    if (those) those.push(event);
    else days.set(name, [event]);
  }
  return (
    <>
      {[...days].map(([name, those]) => (
        <div key={name} class="day">
          <h3 class="day-name">{name}</h3>
          <ol class="events">
            {those.map((event) => (
              <EventLine key={event.id} event={event} />
            ))}
          </ol>
        </div>
      ))}
    </>
  );
}

function EventLine({ event }: { event: ServiceEvent }) {
  const [tone, icon] = eventLook(event);
  return (
    <li class={`event event-${tone}`}>
      <span class="event-mark">
        <Icon name={icon} />
      </span>
      <span class="event-words">{eventWords(event)}</span>
      <time class="event-time" dateTime={event.at} title={formatExact(event.at)}>
        {formatClock(event.at)}
      </time>
    </li>
  );
}
