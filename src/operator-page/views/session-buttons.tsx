import type { SessionStatus, Status } from '../answers.js';
import { useAction } from '../live/use-action.js';
import { call } from '../service.js';
import { words } from '../settings.js';
import { Button, Done, Fault } from '../parts/parts.js';

const CAN_START: readonly Status[] = ['not_started', 'disconnected', 'logged_out', 'stopped', 'qr_required'];
const CAN_STOP: readonly Status[] = ['connecting', 'restoring', 'connected', 'disconnected', 'qr_ready'];

/** What harms nothing is one click. */
export function SessionButtons({ session, reload }: { session: SessionStatus; reload: () => void }) {
  const { organization } = words.value;
  const { organization_id: id, status } = session;
  const action = useAction<{ message: string; status: Status; hint?: string }>();
  const act = async (verb: 'start' | 'stop' | 'restart'): Promise<void> => {
    await action.run(() => call(`POST /api/${verb}-session`, { body: { organization_id: id } }));
    reload();
  };
  return (
    <div class="status-actions">
      <div class="buttons">
        {CAN_START.includes(status) && (
          <Button kind="primary" icon="play" busy={action.busy} onClick={() => void act('start')}>
            {organization.start}
          </Button>
        )}
        {(status === 'connected' || status === 'disconnected') && (
          <Button icon="turning" busy={action.busy} onClick={() => void act('restart')}>
            {organization.restart}
          </Button>
        )}
        {CAN_STOP.includes(status) && (
          <Button icon="pause" busy={action.busy} onClick={() => void act('stop')}>
            {organization.stop}
          </Button>
        )}
      </div>
      <Fault fault={action.fault} />
      <Done>{action.answer?.message}</Done>
    </div>
  );
}
