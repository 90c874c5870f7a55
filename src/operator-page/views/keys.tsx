import { useState } from 'preact/hooks';
import type { Backup, SessionStatus } from '../answers.js';
import { formatMoment, formatSize, wordFor } from '../format.js';
import { useAction } from '../live/use-action.js';
import { useLoaded } from '../live/use-loaded.js';
import { goTo, organizationAddress } from '../route.js';
import { call, ServiceFault } from '../service.js';
import { words } from '../settings.js';
import { Confirm } from '../parts/confirm.js';
import type { IconName } from '../parts/icon-names.js';
import { Button, Done, Fault, Loading, Panel } from '../parts/parts.js';

type Danger = { kind: 'clean' } | { kind: 'logout' } | { kind: 'restore'; backup: Backup };

/** Backups, and what must be meant: each says what it will do and asks for the organization's id. */
export function KeysTab({ session, reload }: { session: SessionStatus; reload: () => void }) {
  const { keys: say, confirm } = words.value;
  const { organization_id: id } = session;
  const [danger, setDanger] = useState<Danger | null>(null);
  const action = useAction<{ message: string }>();
  const backups = useLoaded(
    `backups ${id}`,
    (end) => listBackups(id, end),
    (event) => event.organization_id === id && /clean|restored|status/.test(event.name) && 'now',
  );

  const ask = (asked: Danger): void => {
    action.clear();
    setDanger(asked);
  };
  const act = async (meant: Danger): Promise<void> => {
    const answer = await action.run(() => carryOut(id, meant));
    reload();
    backups.reload();
    if (!answer) return;
    setDanger(null);
    // What follows happens there: a QR to scan, or the way back to connected.
    if (meant.kind !== 'logout') goTo(organizationAddress(id));
  };

  return (
    <>
      <Done>{action.answer?.message}</Done>
      <Panel title={say.backups}>
        <p>{say.backupsAbout}</p>
        <Fault fault={backups.fault} onRetry={backups.reload} />
        {!backups.data && !backups.fault && <Loading />}
        {backups.data?.length === 0 && <p>{say.noBackups}</p>}
        <ul class="backups">
          {backups.data?.map((backup) => (
            <BackupLine key={backup.name} backup={backup} restore={() => ask({ kind: 'restore', backup })} />
          ))}
        </ul>
      </Panel>
      <Panel title={say.danger} kind="danger">
        <p>{say.dangerAbout}</p>
        <DangerLine name={say.clean} about={say.cleanAbout} icon="broom" onClick={() => ask({ kind: 'clean' })} />
        <DangerLine name={say.logout} about={say.logoutAbout} icon="out" onClick={() => ask({ kind: 'logout' })} />
      </Panel>
      {danger && (
        <Confirm
          title={confirm[danger.kind].title(id)}
          effects={confirm[danger.kind].effects}
          submit={confirm[danger.kind].submit}
          id={id}
          busy={action.busy}
          fault={action.fault}
          onConfirm={() => void act(danger)}
          onClose={() => setDanger(null)}
        />
      )}
    </>
  );
}

function carryOut(id: string, meant: Danger): Promise<{ message: string }> {
  switch (meant.kind) {
    case 'clean':
      return call('POST /api/force-clean-session', { body: { organization_id: id, force: true } });
    case 'logout':
      return call('POST /api/logout', { body: { organization_id: id } });
    case 'restore':
      return call('POST /api/restore-session', { body: { organization_id: id, backup: meant.backup.name } });
  }
}

function BackupLine({ backup, restore }: { backup: Backup; restore: () => void }) {
  const { keys: say, reason, none } = words.value;
  return (
    <li class="backup">
      <dl class="facts">
        <div>
          <dt>{say.setAside}</dt>
          <dd>{formatMoment(backup.set_aside_at)}</dd>
        </div>
        <div>
          <dt>{say.phone}</dt>
          <dd>{backup.phone_number ?? none}</dd>
        </div>
        <div>
          <dt>{say.reason}</dt>
          <dd>{wordFor(reason, backup.reason)}</dd>
        </div>
        <div>
          <dt>{say.size}</dt>
          <dd>{formatSize(backup.size)}</dd>
        </div>
      </dl>
      <Button icon="turning" label={say.restoreOf(formatMoment(backup.set_aside_at))} onClick={restore}>
        {say.restore}
      </Button>
    </li>
  );
}

interface DangerLineProps {
  name: string;
  about: string;
  icon: IconName;
  onClick: () => void;
}

function DangerLine({ name, about, icon, onClick }: DangerLineProps) {
  return (
    <div class="danger">
      <div>
        <h3>{name}</h3>
        <p>{about}</p>
      </div>
      <Button kind="danger" icon={icon} onClick={onClick}>
        {name}…
      </Button>
    </div>
  );
}

/** Newest first; an organization that was never started has none. */
async function listBackups(id: string, end: AbortSignal): Promise<readonly Backup[]> {
  try {
    return (await call('GET /api/backups/:organization_id', { params: { organization_id: id } }, { signal: end }))
      .backups;
  } catch (error) {
    if (error instanceof ServiceFault && error.code === 'unknown_organization') return [];
    throw error;
  }
}
