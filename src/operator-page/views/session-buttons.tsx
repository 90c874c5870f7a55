import type { SessionStatus, Status } from '../answers.js';
import { useAction } from '../live/use-action.js';
import { post } from '../service.js';
import { words } from '../settings.js';
import { Button, Done, Fault } from '../parts/parts.js';

const CAN_START: readonly Status[] = ['not_started', 'disconnected', 'logged_out', 'stopped', 'qr_required'];
const CAN_STOP: readonly Status[] = ['connecting', 'restoring', 'connected', 'disconnected', 'qr_ready'];

/** What harms nothing is one click. */
export function SessionButtons({ session, reload }: { session: SessionStatus; reload: () => void }) {
  const { organization } = words.value;
  const { organization_id: id, status } = session;
  const action = useAction<{ message: string; status: Status; hint?: string }>();
  const act = async (path: string): Promise<void> => {
    await action.run(() => post(path, { organization_id: id }));
    reload();
  };
  return (
    <div class="status-actions">
      <div class="buttons">
        {CAN_START.includes(status) && (
          <Button kind="primary" icon="play" busy={action.busy} onClick={() => void act('/api/start-session')}>
            {organization.start}
          </Button>
        )}
        {(status === 'connected' || status === 'disconnected') && (
          <Button icon="turning" busy={action.busy} onClick={() => void act('/api/restart-session')}>
            {organization.restart}
          </Button>
        )}
        {CAN_STOP.includes(status) && (
          <Button icon="pause" busy={action.busy} onClick={() => void act('/api/stop-session')}>
            {organization.stop}
          </Button>
        )}
      </div>
      <Fault fault={action.fault} />
      <Done>{action.answer?.message}</Done>
    </div>
  );
}
