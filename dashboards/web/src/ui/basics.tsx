import { toChildArray, type ComponentChildren, type TargetedKeyboardEvent, type TargetedMouseEvent } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { sentence, useApp } from '../state/app.tsx';
import { Icon, type IconName } from './icons.tsx';

type Tone = 'plain' | 'primary' | 'danger' | 'quiet';

export function Button(props: {
  children?: ComponentChildren;
  onClick?: (e: TargetedMouseEvent<HTMLButtonElement>) => void;
  tone?: Tone;
  icon?: IconName;
  submit?: boolean;
  busy?: boolean;
  disabled?: boolean;
  label?: string;
  small?: boolean;
}) {
  const bare = toChildArray(props.children).length === 0;
  return (
    <button
      type={props.submit ? 'submit' : 'button'} class={`button ${props.tone ?? 'plain'}${props.small ? ' small' : ''}${bare ? ' bare' : ''}`}
      onClick={props.onClick} disabled={props.disabled || props.busy} aria-label={props.label} title={props.label} aria-busy={props.busy}
    >
      {props.icon && <Icon name={props.icon} size={props.small ? 16 : 18} />}
      {props.children}
    </button>
  );
}

export type BadgeTone = 'good' | 'warn' | 'bad' | 'info' | 'mute';

export function Badge({ tone, children, title }: { tone: BadgeTone; children: ComponentChildren; title?: string }) {
  return <span class={`badge ${tone}`} title={title}>{children}</span>;
}

export function Notice({ tone, title, children }: { tone: 'good' | 'warn' | 'bad' | 'info'; title?: ComponentChildren; children?: ComponentChildren }) {
  return (
    <div class={`notice ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      <Icon name={tone === 'good' ? 'check' : tone === 'info' ? 'info' : 'warn'} />
      <div>
        {title && <strong>{title}</strong>}
        {children && <div>{children}</div>}
      </div>
    </div>
  );
}

// Failed tells in a sentence why something could not be shown, and offers to try again.
export function Failed({ error, again }: { error: unknown; again?: () => void }) {
  const { t } = useApp();
  return (
    <Notice tone="bad">
      <p>{sentence(error, t)}</p>
      {again && <Button small onClick={again} icon="refresh">{t.common.retry}</Button>}
    </Notice>
  );
}

export function Loading() {
  const { t } = useApp();
  return <div class="loading" role="status"><span class="spinner" aria-hidden="true" />{t.common.loading}</div>;
}

export function Empty({ children, action }: { children: ComponentChildren; action?: ComponentChildren }) {
  return <div class="empty"><p>{children}</p>{action}</div>;
}

interface FieldProps {
  label: string;
  help?: string;
  error?: string;
  optional?: boolean;
}

function Frame(props: FieldProps & { id: string; children: ComponentChildren }) {
  const { t } = useApp();
  return (
    <div class={props.error ? 'field wrong' : 'field'}>
      <label for={props.id}>{props.label}{props.optional && <span class="mute"> · {t.common.optional}</span>}</label>
      {props.children}
      {props.help && <p class="help" id={props.id + '-help'}>{props.help}</p>}
      {props.error && <p class="fault" id={props.id + '-error'} role="alert">{props.error}</p>}
    </div>
  );
}

function described(id: string, p: FieldProps): string | undefined {
  return [p.help && id + '-help', p.error && id + '-error'].filter(Boolean).join(' ') || undefined;
}

export function TextField(props: FieldProps & {
  value: string;
  onInput: (value: string) => void;
  type?: 'text' | 'password' | 'email';
  name?: string;
  autocomplete?: string;
  required?: boolean;
  placeholder?: string;
  focus?: boolean;
  inputMode?: 'decimal' | 'text' | 'numeric';
}) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (props.focus) input.current?.focus();
  }, [props.focus]);
  return (
    <Frame id={id} label={props.label} help={props.help} error={props.error} optional={props.optional}>
      <input
        ref={input} id={id} type={(props.type ?? 'text') as 'text'} name={props.name} value={props.value} required={props.required} placeholder={props.placeholder} inputMode={props.inputMode}
        autocomplete={(props.autocomplete ?? 'off') as 'off'} aria-invalid={props.error ? true : undefined} aria-describedby={described(id, props)}
        spellcheck={false} onInput={(e) => props.onInput(e.currentTarget.value)}
      />
    </Frame>
  );
}

// TextArea takes a text of many lines.
export function TextArea(props: FieldProps & { value: string; onInput: (value: string) => void; name?: string; placeholder?: string }) {
  const id = useId();
  return (
    <Frame id={id} label={props.label} help={props.help} error={props.error} optional={props.optional}>
      <textarea
        id={id} name={props.name} value={props.value} placeholder={props.placeholder} rows={6} autocomplete="off" spellcheck={false}
        aria-invalid={props.error ? true : undefined} aria-describedby={described(id, props)} onInput={(e) => props.onInput(e.currentTarget.value)}
      />
    </Frame>
  );
}

// FileField takes one file from the user's disk.
export function FileField(props: FieldProps & { onChoose: (file: File) => void; accept: readonly string[]; name?: string; disabled?: boolean }) {
  const id = useId();
  return (
    <Frame id={id} label={props.label} help={props.help} error={props.error} optional={props.optional}>
      <input
        id={id} type="file" name={props.name} accept={props.accept.join(',')} disabled={props.disabled} aria-invalid={props.error ? true : undefined} aria-describedby={described(id, props)}
        onChange={(e) => { const file = e.currentTarget.files?.[0]; if (file) props.onChoose(file); }}
      />
    </Frame>
  );
}

export interface Choice {
  value: string;
  label: string;
}

export function SelectField(props: FieldProps & { value: string; onInput: (value: string) => void; options: Choice[]; name?: string; disabled?: boolean }) {
  const id = useId();
  return (
    <Frame id={id} label={props.label} help={props.help} error={props.error} optional={props.optional}>
      <select id={id} name={props.name} value={props.value} disabled={props.disabled} aria-describedby={described(id, props)} onChange={(e) => props.onInput(e.currentTarget.value)}>
        {props.options.map((o) => <option key={o.value} value={o.value} selected={o.value === props.value}>{o.label}</option>)}
      </select>
    </Frame>
  );
}

// Dialog is modal: the rest of the page waits, Escape closes, focus comes back to where it was.
export function Dialog(props: { title: string; onClose: () => void; children: ComponentChildren; wide?: boolean; side?: boolean }) {
  const { t } = useApp();
  const id = useId();
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = box.current!;
    const before = document.activeElement;
    dialog.showModal();
    return () => {
      dialog.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={box} class={`dialog${props.wide ? ' wide' : ''}${props.side ? ' side' : ''}`} aria-labelledby={id}
      onCancel={(e) => { e.preventDefault(); props.onClose(); }}
      onMouseDown={(e) => { if (e.target === box.current) props.onClose(); }}
    >
      <div class="dialog-body">
        <header>
          <h2 id={id}>{props.title}</h2>
          <Button tone="quiet" icon="close" label={t.common.close} onClick={props.onClose} />
        </header>
        {props.children}
      </div>
    </dialog>
  );
}

export interface MenuItem {
  label: string;
  icon?: IconName;
  act: () => void;
  chosen?: boolean;
}

// Menu is a button with a list of actions; arrows move, Escape closes.
export function Menu(props: { label: string; items: MenuItem[]; icon?: IconName; text?: ComponentChildren; align?: 'left' | 'right'; tone?: Tone }) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const close = (focus: boolean) => {
    setOpen(false);
    if (focus) box.current?.querySelector('button')?.focus();
  };
  useOutside(box, open, () => close(false));
  useEffect(() => {
    if (open) box.current?.querySelector<HTMLElement>('[role^=menuitem]')?.focus();
  }, [open]);
  const keys = (e: TargetedKeyboardEvent<HTMLDivElement>) => {
    if (!open) return;
    if (e.key === 'Escape') { e.stopPropagation(); close(true); }
    if (e.key === 'Tab') close(false);
    if (e.key !== 'ArrowDown' && e.key !== 'ArrowUp') return;
    e.preventDefault();
    const all = [...box.current!.querySelectorAll<HTMLElement>('[role^=menuitem]')];
    const at = all.indexOf(document.activeElement as HTMLElement) + (e.key === 'ArrowDown' ? 1 : -1);
    all[(at + all.length) % all.length]?.focus();
  };
  const role = props.items.some((i) => i.chosen !== undefined) ? 'menuitemradio' : 'menuitem';
  return (
    <div class="menu" ref={box} onKeyDown={keys}>
      <button type="button" class={`button ${props.tone ?? 'quiet'}${props.text ? '' : ' bare'}`} aria-haspopup="menu" aria-expanded={open} aria-label={props.text ? undefined : props.label} title={props.label} onClick={() => setOpen(!open)}>
        {props.icon && <Icon name={props.icon} size={18} />}
        {props.text}
        {props.text && <Icon name="down" size={14} />}
      </button>
      {open && (
        <div class={`menu-list ${props.align ?? 'right'}`} role="menu" aria-label={props.label}>
          {props.items.map((i) => (
            <button type="button" role={role} tabIndex={-1} key={i.label} aria-checked={i.chosen} onClick={() => { close(true); i.act(); }}>
              {i.icon && <Icon name={i.icon} size={16} />}{i.label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

export function useOutside(box: { current: HTMLElement | null }, active: boolean, act: () => void): void {
  useEffect(() => {
    if (!active) return;
    const down = (e: Event) => {
      if (!box.current?.contains(e.target as Node)) act();
    };
    addEventListener('pointerdown', down);
    return () => removeEventListener('pointerdown', down);
  });
}

// Meter is a horizontal bar from 0 to 100 percent.
export function Meter({ percent, label, tone }: { percent: number; label: string; tone?: BadgeTone }) {
  const width = Math.max(0, Math.min(100, percent));
  return (
    <div class={`meter ${tone ?? 'info'}`} role="meter" aria-label={label} aria-valuenow={Math.round(width)} aria-valuemin={0} aria-valuemax={100}>
      <span style={{ width: width + '%' }} />
    </div>
  );
}
