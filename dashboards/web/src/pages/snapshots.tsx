import { useState } from 'preact/hooks';
import { snapshotChanges, snapshots, type Snapshot, type SnapshotChange } from '../api/unrecognised.ts';
import { Link } from '../router.tsx';
import { useApp, type App } from '../state/app.tsx';
import { useQuery } from '../state/query.ts';
import { Button, Failed, Loading, Notice } from '../ui/basics.tsx';
import { Card } from '../ui/pages.tsx';
import { When } from '../ui/values.tsx';
import { changeText } from './resource.tsx';

const changed = (s: Snapshot): boolean => s.created + s.updated + s.deleted > 0;

// Snapshots lists what each listing of a connection saw; one that changed something opens to say what.
export function Snapshots({ connection }: { connection: string }) {
  const { t, client } = useApp();
  const [only, setOnly] = useState(true);
  const [more, setMore] = useState<{ list: Snapshot[]; next: string | null; busy: boolean; error?: unknown } | null>(null);
  const first = useQuery('snapshots' + connection, (signal) => snapshots(client, connection, '', signal), 15_000);
  const fresh = first.data?.snapshots ?? [];
  const oldest = fresh.at(-1)?.at ?? '';
  const all = [...fresh, ...(more?.list ?? []).filter((s) => s.at < oldest)];
  const shown = only ? all.filter((s) => changed(s) || !s.complete) : all;
  const next = more ? more.next : (first.data?.next ?? null);
  const load = () => {
    setMore({ list: more?.list ?? [], next, busy: true });
    snapshots(client, connection, next ?? '').then(
      (p) => setMore({ list: [...(more?.list ?? []), ...p.snapshots], next: p.next, busy: false }),
      (error: unknown) => setMore({ list: more?.list ?? [], next, busy: false, error }),
    );
  };
  return (
    <Card title={t.types.snapshots} actions={<label class="check"><input type="checkbox" checked={only} onChange={(e) => setOnly(e.currentTarget.checked)} />{t.types.onlyChanged}</label>}>
      <p class="mute gap-below">{t.types.snapshotsAbout}</p>
      {!first.data ? (first.error ? <Failed error={first.error} again={first.again} /> : <Loading />) : all.length === 0 ? <p class="mute">{t.connections.noSyncs}</p> : (
        <>
          {shown.length === 0 && <p class="mute">{t.types.allQuiet}</p>}
          <ul class="snapshots">{shown.map((s) => <Item key={s.at} s={s} connection={connection} />)}</ul>
        </>
      )}
      {more?.error !== undefined && <Failed error={more.error} again={load} />}
      {next && <div class="centre"><Button small busy={more?.busy ?? false} onClick={load}>{t.common.more}</Button></div>}
    </Card>
  );
}

function counts(s: Snapshot, t: App['t']): string {
  if (!changed(s)) return t.types.quiet(s.unchanged);
  return [s.created > 0 && t.connections.created(s.created), s.updated > 0 && t.connections.updated(s.updated), s.deleted > 0 && t.connections.deleted(s.deleted)].filter(Boolean).join(', ');
}

function Item({ s, connection }: { s: Snapshot; connection: string }) {
  const { t } = useApp();
  const [open, setOpen] = useState(false);
  const head = <><When at={s.at} never="" /> <span>{counts(s, t)}{!s.complete && <> · <span class="warn-text">{t.types.partly}</span></>}</span></>;
  if (!changed(s) && s.complete) return <li class="quiet">{head}</li>;
  return (
    <li>
      <details onToggle={(e) => setOpen(e.currentTarget.open)}>
        <summary>{head}</summary>
        {s.failed.length > 0 && (
          <Notice tone="warn" title={t.types.failedScopes}>
            <ul class="lines">{s.failed.map((f) => <li key={f.scope}>{f.label}{f.fault && <>: {f.fault.text}</>}</li>)}</ul>
          </Notice>
        )}
        {open && changed(s) && <Changes connection={connection} at={s.at} />}
      </details>
    </li>
  );
}

function Changes({ connection, at }: { connection: string; at: string }) {
  const { t, client } = useApp();
  const [more, setMore] = useState<{ list: SnapshotChange[]; more: boolean } | null>(null);
  const first = useQuery(at, (signal) => snapshotChanges(client, connection, at, 0, signal));
  if (!first.data) return first.error ? <Failed error={first.error} again={first.again} /> : <Loading />;
  const all = [...first.data.changes, ...(more?.list ?? [])];
  const rest = more ? more.more : first.data.more;
  const load = () => void snapshotChanges(client, connection, at, all.length).then((p) => setMore({ list: [...(more?.list ?? []), ...p.changes], more: p.more }), () => {});
  return (
    <>
      {['created', 'updated', 'deleted'].map((kind) => {
        const some = all.filter((c) => c.change === kind);
        return some.length > 0 && (
          <section key={kind} class={`snapshot-changes ${kind}`}>
            <h3>{t.types.groups[kind]}</h3>
            <ul class="lines">{some.map((c) => <Change key={c.id + (c.seen_at ?? '')} c={c} connection={connection} />)}</ul>
          </section>
        );
      })}
      {rest && <div class="centre"><Button small onClick={load}>{t.common.more}</Button></div>}
    </>
  );
}

function Change({ c, connection }: { c: SnapshotChange; connection: string }) {
  const { t, lang, zone } = useApp();
  return (
    <li>
      <Link to={`/resource?${new URLSearchParams({ connection, id: c.id }).toString()}`}>{c.name || c.id}</Link> <span class="mute">{t.resources.typeOne[c.type] ?? c.type}</span>
      {c.change === 'updated' && c.fields.map((f) => <div key={f.field} class="sub break">{changeText(f, t, lang, zone)}</div>)}
    </li>
  );
}
