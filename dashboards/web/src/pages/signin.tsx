import { useEffect, useState } from 'preact/hooks';
import { Problem } from '../api/client.ts';
import type { Session } from '../api/types.ts';
import { usePlace } from '../router.tsx';
import { sentence, useApp } from '../state/app.tsx';
import { Button, Loading, Notice, TextField } from '../ui/basics.tsx';
import logo from '../logo.svg';
import { PasswordForm } from './password.tsx';

// SignIn opens a session by a one-time link or by a password. After a link it offers to set a password.
export function SignIn() {
  const { t, client, lang, setLang, setSession } = useApp();
  const place = usePlace();
  const token = place.search.get('token') ?? '';
  const [opened, setOpened] = useState<Session | null>(null);
  const [bad, setBad] = useState('');
  useEffect(() => {
    document.title = `${t.signIn.title} · InfraZen`;
  }, [t]);
  useEffect(() => {
    if (!token) return;
    client.useLink(token).then(setOpened, (e: unknown) => {
      setBad(e instanceof Problem && e.status >= 400 && e.status < 500 && e.status !== 429 ? t.signIn.linkBad : sentence(e, t));
      place.go('/sign-in', true);
    });
  }, [token]);
  const enter = (session: Session) => {
    place.go(next(place.search), true);
    setSession(session);
  };
  return (
    <main class="sign-in" id="main" tabIndex={-1}>
      <div class="sign-in-card">
        <header>
          <img src={logo} alt="" width="40" height="40" />
          <div><p class="brand">InfraZen</p><p class="mute">{t.brand}</p></div>
        </header>
        {opened ? (
          <>
            <h1>{t.signIn.setTitle}</h1>
            <p class="mute">{t.signIn.setAbout}</p>
            <PasswordForm email={opened.user.email} fresh submit={t.signIn.setDone} onDone={() => enter(opened)} extra={<Button tone="quiet" onClick={() => enter(opened)}>{t.signIn.setLater}</Button>} />
          </>
        ) : token && !bad ? (
          <>
            <h1>{t.signIn.title}</h1>
            <p class="mute">{t.signIn.linkBusy}</p>
            <Loading />
          </>
        ) : (
          <Form bad={bad} onOpen={enter} />
        )}
      </div>
      <nav class="langs" aria-label={t.settings.language}>
        {(['ru', 'en'] as const).map((l) => <button type="button" key={l} lang={l} aria-pressed={l === lang} onClick={() => setLang(l)}>{l === 'ru' ? 'Русский' : 'English'}</button>)}
      </nav>
    </main>
  );
}

// next is where to go after signing in: a place of this app and of no other site.
function next(search: URLSearchParams): string {
  const to = search.get('next') ?? '/';
  return /^\/(?![/\\])/.test(to) && !to.startsWith('/sign-in') ? to : '/';
}

function Form({ bad, onOpen }: { bad: string; onOpen: (s: Session) => void }) {
  const { t, client } = useApp();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState(bad);
  const submit = (e: Event) => {
    e.preventDefault();
    setBusy(true);
    setFault('');
    client.signIn(email.trim(), password).then(onOpen, (error: unknown) => {
      setBusy(false);
      setFault(error instanceof Problem && (error.status === 401 || error.status === 422) ? t.signIn.bad : sentence(error, t));
    });
  };
  return (
    <form onSubmit={submit}>
      <h1>{t.signIn.title}</h1>
      {fault && <Notice tone="bad">{fault}</Notice>}
      <TextField label={t.signIn.email} name="email" type="email" autocomplete="username" required value={email} onInput={setEmail} focus />
      <TextField label={t.signIn.password} name="password" type="password" autocomplete="current-password" required value={password} onInput={setPassword} />
      <Button submit tone="primary" busy={busy}>{t.signIn.submit}</Button>
      <p class="help">{t.signIn.help}</p>
    </form>
  );
}
