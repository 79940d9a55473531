import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { sentence, useApp } from '../state/app.tsx';
import { Button, Notice, TextField } from '../ui/basics.tsx';

// PasswordForm sets a password; fresh ones ask for no old password.
export function PasswordForm({ email, fresh, submit, onDone, extra }: { email: string; fresh?: boolean; submit: string; onDone: () => void; extra?: ComponentChildren }) {
  const { t, client } = useApp();
  const [old, setOld] = useState('');
  const [first, setFirst] = useState('');
  const [second, setSecond] = useState('');
  const [fault, setFault] = useState('');
  const [busy, setBusy] = useState(false);
  const send = (e: Event) => {
    e.preventDefault();
    if ([...first].length < 10) return setFault(t.settings.passwordShort);
    if (first !== second) return setFault(t.settings.passwordDiffer);
    setFault('');
    setBusy(true);
    client.setPassword(old, first).then(
      () => {
        setBusy(false);
        for (const clear of [setOld, setFirst, setSecond]) clear('');
        onDone();
      },
      (error: unknown) => {
        setBusy(false);
        setFault(sentence(error, t));
      },
    );
  };
  return (
    <form onSubmit={send} class="form">
      {fault && <Notice tone="bad">{fault}</Notice>}
      <input type="email" name="username" autocomplete="username" value={email} hidden readOnly />
      {!fresh && <TextField label={t.settings.oldPassword} help={t.settings.oldPasswordHelp} name="old" type="password" autocomplete="current-password" value={old} onInput={setOld} />}
      <TextField label={t.settings.newPassword} help={t.settings.newPasswordHelp} name="new" type="password" autocomplete="new-password" required value={first} onInput={setFirst} />
      <TextField label={t.settings.repeatPassword} name="repeat" type="password" autocomplete="new-password" required value={second} onInput={setSecond} />
      <div class="actions"><Button submit tone="primary" busy={busy}>{submit}</Button>{extra}</div>
    </form>
  );
}
