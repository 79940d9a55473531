import { useState } from 'preact/hooks';
import type { Connection, Provider, Upload } from '../api/types.ts';
import { sentence, useApp } from '../state/app.tsx';
import { useQuery } from '../state/query.ts';
import { Badge, Button, Dialog, Failed, FileField, Loading, Notice, type BadgeTone } from '../ui/basics.tsx';
import { Card } from '../ui/pages.tsx';
import { When } from '../ui/values.tsx';

const tones: Record<Upload['state'], BadgeTone> = { waiting: 'mute', loading: 'info', loaded: 'good', failed: 'bad' };

// Uploads lists the files of a connection, takes the next one and takes files back. Kinds that take no files show nothing.
export function Uploads({ c }: { c: Connection }) {
  const { client, lang } = useApp();
  const providers = useQuery('providers' + lang, () => client.providers());
  const provider = providers.data?.find((p) => p.kind === c.kind);
  return provider?.uploads ? <Files c={c} spec={provider.uploads} /> : null;
}

function Files({ c, spec }: { c: Connection; spec: NonNullable<Provider['uploads']> }) {
  const { t, client, tell, admin } = useApp();
  const answer = useQuery('uploads' + c.id, (signal) => client.uploads(c.id, signal), 5000);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const [turn, setTurn] = useState(0); // a new field for every file, so that one name can be chosen twice
  const [removing, setRemoving] = useState<Upload | null>(null);
  const add = (file: File) => {
    setBusy(true);
    setProblem(undefined);
    client.upload(c.id, file).then((u) => tell(t.uploads.added(u.name)), setProblem).finally(() => { setBusy(false); setTurn(turn + 1); answer.again(); });
  };
  return (
    <Card title={t.uploads.title}>
      {!answer.data ? (answer.error ? <Failed error={answer.error} again={answer.again} /> : <Loading />) : answer.data.length === 0 ? <p class="mute">{t.uploads.none}</p> : (
        <ul class="files">{answer.data.map((u) => <FileLine key={u.name} u={u} remove={admin ? () => setRemoving(u) : undefined} />)}</ul>
      )}
      {admin && <FileField key={turn} label={busy ? t.uploads.adding : t.uploads.add} help={[spec.title + '.', spec.help, t.uploads.replaces].join(' ')} name="upload" accept={spec.extensions} disabled={busy} onChoose={add} />}
      {problem !== undefined && <Notice tone="bad">{sentence(problem, t)}</Notice>}
      {removing && <Remove c={c} u={removing} close={() => { setRemoving(null); answer.again(); }} />}
    </Card>
  );
}

function FileLine({ u, remove }: { u: Upload; remove?: () => void }) {
  const { t, lang } = useApp();
  const mb = new Intl.NumberFormat(lang === 'ru' ? 'ru-RU' : 'en-GB', { maximumSignificantDigits: 2 }).format(Math.max(u.size / 1e6, 0.001));
  return (
    <li>
      <span class="file-name">{u.name}</span>
      <span class="mute">{t.uploads.size(mb)} · <When at={u.uploaded_at} never="" /></span>
      <Badge tone={tones[u.state]}>{t.uploads.states[u.state]}</Badge>
      {remove && <Button small tone="quiet" icon="trash" label={t.uploads.remove(u.name)} onClick={remove} />}
      {u.fault && <p class="fault">{u.fault.text}</p>}
    </li>
  );
}

function Remove({ c, u, close }: { c: Connection; u: Upload; close: () => void }) {
  const { t, client, tell } = useApp();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState('');
  const remove = () => {
    setBusy(true);
    client.removeUpload(c.id, u.name).then(() => { tell(t.uploads.removed(u.name)); close(); }, (e: unknown) => { setBusy(false); setFault(sentence(e, t)); });
  };
  return (
    <Dialog title={t.uploads.removeTitle(u.name)} onClose={close}>
      <div class="form">
        <p>{t.uploads.removeAbout}</p>
        {fault && <Notice tone="bad">{fault}</Notice>}
        <div class="actions"><Button tone="danger" busy={busy} onClick={remove}>{t.common.delete}</Button><Button onClick={close}>{t.common.cancel}</Button></div>
      </div>
    </Dialog>
  );
}
