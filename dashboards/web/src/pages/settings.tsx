import { useState } from 'preact/hooks';
import type { Token } from '../api/types.ts';
import { moment } from '../format/time.ts';
import { known } from '../format/time.ts';
import { sentence, useApp } from '../state/app.tsx';
import { useQuery } from '../state/query.ts';
import { chooseTheme, chosenTheme, type Theme } from '../state/theme.ts';
import { Button, Dialog, Failed, Loading, Notice, SelectField, TextField } from '../ui/basics.tsx';
import { Card, PageHead } from '../ui/pages.tsx';
import { PasswordForm } from './password.tsx';

export function Settings() {
  const { t, tell, session } = useApp();
  return (
    <>
      <PageHead title={t.settings.title} />
      <div class="settings">
        <Card title={t.settings.profile}><Profile /></Card>
        <Card title={t.settings.password}><PasswordForm email={session!.user.email} submit={t.settings.change} onDone={() => tell(t.settings.passwordDone)} /></Card>
        <Card title={t.settings.telegram}><Telegram /></Card>
        <Card title={t.settings.tokens}><Tokens /></Card>
        <Card title={t.settings.organisation}><Organisation /></Card>
      </div>
    </>
  );
}

function Profile() {
  const { t, client, session, setSession, setLang, lang, tell } = useApp();
  const [name, setName] = useState(session!.user.name);
  const [theme, setTheme] = useState<Theme>(chosenTheme());
  const [fault, setFault] = useState('');
  const save = (e: Event) => {
    e.preventDefault();
    client.updateUser({ name: name.trim() }).then(
      () => { setSession({ ...session!, user: { ...session!.user, name: name.trim() } }); setFault(''); tell(t.common.saved); },
      (error: unknown) => setFault(sentence(error, t)),
    );
  };
  return (
    <form class="form" onSubmit={save}>
      <p class="mute">{session!.user.email}</p>
      {fault && <Notice tone="bad">{fault}</Notice>}
      <TextField label={t.settings.name} name="user-name" autocomplete="name" value={name} onInput={setName} />
      <SelectField label={t.settings.language} name="lang" value={lang} onInput={(v) => setLang(v === 'en' ? 'en' : 'ru')} options={[{ value: 'ru', label: 'Русский' }, { value: 'en', label: 'English' }]} />
      <SelectField
        label={t.settings.theme} name="theme" value={theme} onInput={(v) => { setTheme(v as Theme); chooseTheme(v as Theme); }}
        options={[{ value: 'auto', label: t.nav.themeAuto }, { value: 'light', label: t.nav.themeLight }, { value: 'dark', label: t.nav.themeDark }]}
      />
      <div class="actions"><Button submit tone="primary">{t.common.save}</Button></div>
    </form>
  );
}

function Telegram() {
  const { t, client, lang, zone } = useApp();
  const chats = useQuery('chats', (signal) => client.chats(signal), 10_000);
  const [code, setCode] = useState<{ code: string; expires_at: string; bot: string } | null>(null);
  const [fault, setFault] = useState('');
  const get = () => client.telegramCode().then((c) => { setCode(c); setFault(''); }, (e: unknown) => setFault(sentence(e, t)));
  const unlink = (chat: string, thread: string) => client.unlinkChat(chat, thread).then(chats.again, (e: unknown) => setFault(sentence(e, t)));
  return (
    <div class="form">
      <p class="mute">{t.settings.telegramAbout}</p>
      {fault && <Notice tone="bad">{fault}</Notice>}
      {code ? (
        <>
          {code.bot === '' && <Notice tone="warn">{t.settings.telegramOff}</Notice>}
          <p>{t.settings.telegramCode}</p>
          <Copy text={code.code} />
          <ol class="steps">{t.settings.telegramHow(code.bot, code.code).map((s) => <li key={s}>{s}</li>)}</ol>
          <p class="help">{t.settings.telegramUntil(moment(Date.parse(code.expires_at), lang, zone))}</p>
        </>
      ) : <div class="actions"><Button tone="primary" onClick={() => void get()}>{t.settings.telegramGet}</Button></div>}
      <h3>{t.settings.chats}</h3>
      {!chats.data ? (chats.error ? <Failed error={chats.error} again={chats.again} /> : <Loading />) : chats.data.length === 0 ? <p class="mute">{t.settings.noChats}</p> : (
        <ul class="rows">
          {chats.data.map((c) => (
            <li key={c.chat_id + '/' + c.thread_id}>
              <span><strong>{c.title || c.chat_id}</strong>{c.thread_id !== '0' && <span class="mute"> · {t.settings.topic(c.thread_id)}</span>}<br /><span class="mute">{known(c.linked_at) && t.settings.linked(moment(Date.parse(c.linked_at), lang, zone))}</span></span>
              <Button small onClick={() => void unlink(c.chat_id, c.thread_id)}>{t.settings.unlink}</Button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Copy({ text }: { text: string }) {
  const { t, tell } = useApp();
  return (
    <div class="copy">
      <code tabIndex={0}>{text}</code>
      <Button small onClick={() => void navigator.clipboard?.writeText(text).then(() => tell(t.common.copied), () => {})}>{t.common.copy}</Button>
    </div>
  );
}

function Tokens() {
  const { t, client, lang, zone } = useApp();
  const tokens = useQuery('tokens', (signal) => client.tokens(signal));
  const [name, setName] = useState('');
  const [made, setMade] = useState('');
  const [fault, setFault] = useState('');
  const [revoked, setRevoked] = useState<Token | null>(null);
  const create = (e: Event) => {
    e.preventDefault();
    if (name.trim() === '') return setFault(t.connections.required);
    client.createToken(name.trim()).then(
      (x) => { setMade(x.token); setName(''); setFault(''); tokens.again(); },
      (error: unknown) => setFault(sentence(error, t)),
    );
  };
  const revoke = (id: string) => client.deleteToken(id).then(
    () => { setRevoked(null); tokens.again(); },
    (error: unknown) => { setRevoked(null); setFault(sentence(error, t)); },
  );
  return (
    <div class="form">
      <p class="mute">{t.settings.tokensAbout}</p>
      {made && <Notice tone="info" title={t.settings.tokenOnce}><Copy text={made} /></Notice>}
      <form onSubmit={create} class="inline">
        <TextField label={t.settings.tokenName} name="token-name" value={name} onInput={setName} error={fault || undefined} />
        <Button submit>{t.settings.tokenCreate}</Button>
      </form>
      {!tokens.data ? (tokens.error ? <Failed error={tokens.error} again={tokens.again} /> : <Loading />) : tokens.data.length === 0 ? <p class="mute">{t.settings.noTokens}</p> : (
        <ul class="rows">
          {tokens.data.map((x) => (
            <li key={x.id}>
              <span><strong>{x.name}</strong><br /><span class="mute">{known(x.expires_at) ? t.settings.tokenUntil(moment(Date.parse(x.expires_at), lang, zone)) : t.settings.tokenForever}</span></span>
              <Button small onClick={() => setRevoked(x)}>{t.settings.revoke}</Button>
            </li>
          ))}
        </ul>
      )}
      {revoked && (
        <Dialog title={t.settings.revokeTitle(revoked.name)} onClose={() => setRevoked(null)}>
          <p>{t.settings.revokeAbout}</p>
          <div class="actions"><Button tone="danger" onClick={() => void revoke(revoked.id)}>{t.settings.revoke}</Button><Button onClick={() => setRevoked(null)}>{t.common.cancel}</Button></div>
        </Dialog>
      )}
    </div>
  );
}

function Organisation() {
  const { t, session } = useApp();
  const { tenant, role } = session!;
  return (
    <dl class="facts">
      <dt>{t.settings.name}</dt><dd>{tenant.name}</dd>
      <dt>{t.settings.zone}</dt><dd>{tenant.zone}</dd>
      <dt>{t.settings.currency}</dt><dd>{tenant.currency}</dd>
      <dt>{t.settings.role}</dt><dd>{t.settings.roles[role] ?? role}</dd>
    </dl>
  );
}
