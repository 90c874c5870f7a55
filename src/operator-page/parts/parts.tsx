import type { ComponentChildren, InputHTMLAttributes, TargetedInputEvent } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { ServiceFault } from '../service.js';
import { words } from '../settings.js';
import { formatAgo, formatExact, formatMoment } from '../format.js';
import type { IconName } from './icon-names.js';
import { Icon } from './icon.js';

interface ButtonProps {
  children: ComponentChildren;
  icon?: IconName;
  kind?: 'primary' | 'plain' | 'danger' | 'quiet';
  /** Under way: it says so and does nothing more. */
  busy?: boolean;
  disabled?: boolean;
  onClick?: () => void;
  type?: 'button' | 'submit';
  /** When the words on it do not say enough by themselves. */
  label?: string;
}

export function Button({
  children,
  icon,
  kind = 'plain',
  busy = false,
  disabled = false,
  onClick,
  type = 'button',
  label,
}: ButtonProps) {
  return (
    <button
      type={type}
      class={`button button-${kind}`}
      disabled={disabled}
      aria-busy={busy}
      aria-label={label}
      onClick={() => {
        if (!busy) onClick?.();
      }}
    >
      {busy ? <span class="spinner" aria-hidden="true" /> : icon && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}

interface FieldProps {
  label: string;
  help?: string;
  fault?: string | undefined;
  value: string;
  onValue: (value: string) => void;
  input?: InputHTMLAttributes;
  rows?: number;
}

/** A labelled input, with what helps and what is wrong tied to it. */
export function Field({ label, help, fault, value, onValue, input = {}, rows }: FieldProps) {
  const id = useId();
  const notes = [help && `${id}-help`, fault && `${id}-fault`].filter(Boolean).join(' ');
  const common = {
    id,
    value,
    'aria-describedby': notes || undefined,
    'aria-invalid': fault ? ('true' as const) : undefined,
    onInput: (event: TargetedInputEvent<HTMLInputElement | HTMLTextAreaElement>) => onValue(event.currentTarget.value),
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {rows === undefined ? (
        <input type="text" autocomplete="off" spellcheck={false} {...input} {...common} />
      ) : (
        <textarea rows={rows} {...common} />
      )}
      {help && (
        <p class="help" id={`${id}-help`}>
          {help}
        </p>
      )}
      {fault && (
        <p class="field-fault" id={`${id}-fault`}>
          <Icon name="warning" /> {fault}
        </p>
      )}
    </div>
  );
}

interface ChoiceProps<Value extends string> {
  label: string;
  value: Value;
  options: readonly (readonly [Value, string])[];
  onValue: (value: Value) => void;
}

export function Select<Value extends string>({ label, value, options, onValue }: ChoiceProps<Value>) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onValue(event.currentTarget.value as Value)}>
        {options.map(([one, name]) => (
          <option key={one} value={one}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}

/** One of a few, as a row of buttons. */
export function Chips<Value extends string>({ label, value, options, onValue }: ChoiceProps<Value>) {
  return (
    <div class="chips" role="group" aria-label={label}>
      {options.map(([one, name]) => (
        <button key={one} type="button" class="chip" aria-pressed={one === value} onClick={() => onValue(one)}>
          {name}
        </button>
      ))}
    </div>
  );
}

interface FaultProps {
  fault: ServiceFault | null;
  onRetry?: () => void;
  /** Fields that have the sentence about them beside them, and need it not once more. */
  marked?: readonly string[];
}

/** What went wrong and what to do about it; read out when it appears. */
export function Fault({ fault, onRetry, marked = [] }: FaultProps) {
  const { faults, retry } = words.value;
  return (
    <div role="alert" class="fault-place">
      {fault && (
        <div class="fault">
          <Icon name="warning" />
          <div>
            <p class="fault-sentence">{fault.sentence}</p>
            {Object.entries(fault.fields)
              .filter(([name]) => !marked.includes(name.split('.')[0] ?? name))
              .map(([name, sentence]) => (
                <p key={name}>
                  <code>{name}</code>: {sentence}
                </p>
              ))}
            {fault.hint && (
              <p>
                <strong>{faults.whatToDo}</strong> {fault.hint}
              </p>
            )}
            {onRetry && (
              <Button icon="turning" onClick={onRetry}>
                {retry}
              </Button>
            )}
          </div>
        </div>
      )}
    </div>
  );
}

/** What was done; read out without interrupting. */
export function Done({ children }: { children?: ComponentChildren }) {
  return (
    <div role="status" class="done-place">
      {children ? (
        <p class="done">
          <Icon name="check" />
          <span>{children}</span>
        </p>
      ) : null}
    </div>
  );
}

/** A time as people say it, with the exact one behind it; nothing when it is not known. */
export function Time({ at, ago = false }: { at: string | null; ago?: boolean }) {
  if (at === null) return null;
  return (
    <time dateTime={at} title={formatExact(at)}>
      {ago ? formatAgo(at) : formatMoment(at)}
    </time>
  );
}

export function Loading() {
  return (
    <p class="loading" role="status">
      <span class="spinner" aria-hidden="true" /> {words.value.loading}
    </p>
  );
}

interface PanelProps {
  title: string;
  children: ComponentChildren;
  kind?: 'plain' | 'call' | 'danger';
  beside?: ComponentChildren;
}

/** A part of a page with a heading of its own. */
export function Panel({ title, children, kind = 'plain', beside }: PanelProps) {
  const id = useId();
  return (
    <section class={`panel panel-${kind}`} aria-labelledby={id}>
      <div class="panel-head">
        <h2 id={id}>{title}</h2>
        {beside}
      </div>
      {children}
    </section>
  );
}

/**
 * Something to be taken elsewhere: a link, a secret. Where the browser forbids the clipboard, the text is selected
 * instead.
 */
export function Copyable({ label, value }: { label: string; value: string }) {
  const input = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState(false);
  const id = useId();
  useEffect(() => setCopied(false), [value]);
  const copy = async (): Promise<void> => {
    input.current?.select();
    try {
      await navigator.clipboard.writeText(value);
      setCopied(true);
    } catch {
      // It is selected: the person can copy it.
    }
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="copyable">
        <input
          id={id}
          ref={input}
          type="text"
          readOnly
          value={value}
          onFocus={(event) => event.currentTarget.select()}
        />
        <Button icon={copied ? 'check' : 'copy'} onClick={() => void copy()}>
          {copied ? words.value.copied : words.value.copy}
        </Button>
      </div>
      <span class="unseen" role="status">
        {copied ? words.value.copied : ''}
      </span>
    </div>
  );
}
