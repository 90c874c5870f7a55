import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { call, type ServiceFault, signedIn, signInReason } from '../service.js';
import { words } from '../settings.js';
import { useAction } from '../live/use-action.js';
import { Button, Fault, Field } from '../parts/parts.js';

/** Why a sign-in link did not work. */
export const signInFault = signal<ServiceFault | null>(null);

export function SignInView() {
  const { signIn } = words.value;
  const [key, setKey] = useState('');
  const [visible, setVisible] = useState(false);
  const action = useAction<unknown>();
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${signIn.title} · ${words.value.name}`;
  }, [signIn]);

  const submit = async (): Promise<void> => {
    signInFault.value = null;
    const answer = await action.run(() => call('POST /api/sign-in', { body: { api_key: key.trim() } }));
    if (answer === null) return;
    setKey('');
    signedIn.value = true;
  };

  return (
    <div class="narrow">
      <h1 tabIndex={-1} ref={title}>
        {signIn.title}
      </h1>
      {signInReason.value === 'ended' && <p class="notice">{signIn.ended}</p>}
      <div class="panel">
        <p>{signIn.about}</p>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void submit();
          }}
        >
          <Field
            label={signIn.key}
            help={signIn.where}
            value={key}
            onValue={setKey}
            input={{
              ...(visible ? { type: 'text' as const } : { type: 'password' as const }),
              required: true,
              autocapitalize: 'off',
              enterkeyhint: 'go',
            }}
          />
          <label class="check">
            <input type="checkbox" checked={visible} onChange={(event) => setVisible(event.currentTarget.checked)} />
            {signIn.show}
          </label>
          <Fault fault={action.fault ?? signInFault.value} />
          <div class="buttons">
            <Button kind="primary" type="submit" busy={action.busy}>
              {signIn.submit}
            </Button>
          </div>
        </form>
      </div>
    </div>
  );
}
