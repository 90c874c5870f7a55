import { useState } from 'preact/hooks';
import { Confirm } from '../parts/confirm.js';
import { Button, Done } from '../parts/parts.js';
import { useAction } from '../live/use-action.js';
import { call } from '../service.js';
import { words } from '../settings.js';

/**
 * What becomes of messages that were accepted for another phone. Neither can be undone, so each says what will happen,
 * and then what did. `waits`: whether there are any.
 */
export function OtherPhoneButtons({ id, waits, reload }: { id: string; waits: boolean; reload: () => void }) {
  const { organization, confirm } = words.value;
  const [asked, setAsked] = useState<'send' | 'cancel' | null>(null);
  const action = useAction<{ message: string }>();
  const ask = (decision: 'send' | 'cancel'): void => {
    action.clear();
    setAsked(decision);
  };
  const act = async (decision: 'send' | 'cancel'): Promise<void> => {
    const body = { organization_id: id, action: decision };
    const answer = await action.run(() => call('POST /api/other-phone-messages', { body }));
    reload();
    if (answer) setAsked(null);
  };
  const say = asked === 'cancel' ? confirm.otherPhoneCancel : confirm.otherPhoneSend;
  return (
    <>
      <Done>{action.answer?.message}</Done>
      {waits && (
        <div class="status-actions">
          <div class="buttons">
            <Button kind="primary" icon="send" onClick={() => ask('send')}>
              {organization.otherPhoneSend}…
            </Button>
            <Button kind="danger" icon="cross" onClick={() => ask('cancel')}>
              {organization.otherPhoneCancel}…
            </Button>
          </div>
        </div>
      )}
      {asked && (
        <Confirm
          title={say.title(id)}
          effects={say.effects}
          submit={say.submit}
          id={null}
          busy={action.busy}
          fault={action.fault}
          onConfirm={() => void act(asked)}
          onClose={() => setAsked(null)}
        />
      )}
    </>
  );
}
