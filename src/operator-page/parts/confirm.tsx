import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ServiceFault } from '../service.js';
import { words } from '../settings.js';
import { Button, Fault, Field } from './parts.js';

/** A dialog over the page: the rest is out of reach until it is closed, and the focus goes back to where it was. */
export function Dialog({
  title,
  children,
  onClose,
}: {
  title: string;
  children: ComponentChildren;
  onClose: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    // Closed before it is gone, so that the browser gives the focus back.
    return () => shown?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div class="dialog-head">
        <h2 id={id}>{title}</h2>
      </div>
      {children}
    </dialog>
  );
}

interface ConfirmProps {
  title: string;
  effects: readonly string[];
  submit: string;
  /** What has to be typed before it can be done; null when the dialog itself is enough. */
  id: string | null;
  busy: boolean;
  fault: ServiceFault | null;
  onConfirm: () => void;
  onClose: () => void;
  children?: ComponentChildren;
}

/** Says what will happen, and does it only when that was meant: the organization's id was typed. */
export function Confirm({ title, effects, submit, id, busy, fault, onConfirm, onClose, children }: ConfirmProps) {
  const [typed, setTyped] = useState('');
  const { confirm, cancel } = words.value;
  const matches = id === null || typed.trim() === id;
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (matches && !busy) onConfirm();
        }}
      >
        {children}
        <p class="effects-title">{confirm.noUndo}</p>
        <ul class="effects">
          {effects.map((effect) => (
            <li key={effect}>{effect}</li>
          ))}
        </ul>
        {id !== null && (
          <Field
            label={confirm.type(id)}
            value={typed}
            onValue={setTyped}
            input={{ autofocus: true, autocapitalize: 'off', enterkeyhint: 'done' }}
          />
        )}
        <Fault fault={fault} />
        <div class="buttons buttons-end">
          <Button onClick={onClose}>{cancel}</Button>
          <Button kind="danger" type="submit" busy={busy} disabled={!matches}>
            {submit}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
