import type { Retyping, TypeMapping, TypeMappings } from '../api/unrecognised.ts';
import { useApp, type App } from '../state/app.tsx';
import { Badge, Button, Meter, type BadgeTone } from '../ui/basics.tsx';
import { Card } from '../ui/pages.tsx';
import { When } from '../ui/values.tsx';

// Rules lists the mappings, and how they reach what is held.
export function Rules({ all, edit, undo }: { all: TypeMappings; edit: (m: TypeMapping) => void; undo: (m: TypeMapping) => void }) {
  const { t } = useApp();
  return (
    <>
      <Card title={t.types.rules}>
        {all.mappings.length === 0 ? <p class="mute">{t.types.noRules}</p> : (
          <ul class="rows">{all.mappings.map((m) => <Item key={m.id} m={m} edit={() => edit(m)} undo={() => undo(m)} />)}</ul>
        )}
      </Card>
      {all.applications.length > 0 && (
        <Card title={t.types.applied}>
          <ul class="rows">{all.applications.map((a) => <Application key={a.connection_id} a={a} />)}</ul>
        </Card>
      )}
    </>
  );
}

function Item({ m, edit, undo }: { m: TypeMapping; edit: () => void; undo: () => void }) {
  const { t, admin } = useApp();
  const word = m.match.resource_type || t.types.noWord;
  return (
    <li>
      <div>
        <strong class="break">{word}</strong> → <strong>{t.resources.typeOne[m.to.resource_type] ?? m.to.resource_type}</strong>{m.to.service_name && <>, {m.to.service_name}</>}
        <div class="sub mute">{[m.kind_title, m.match.service_name || t.types.ruleAny, m.match.sku_prefix && t.types.ruleSku(m.match.sku_prefix)].filter(Boolean).join(' · ')}</div>
      </div>
      {admin && <div class="row"><Button tone="quiet" icon="edit" label={`${t.common.edit}: ${word}`} onClick={edit} /><Button tone="quiet" icon="trash" label={`${t.types.undo}: ${word}`} onClick={undo} /></div>}
    </li>
  );
}

function stateOf(a: Retyping, t: App['t']): { text: string; tone: BadgeTone } {
  if (a.done) return { text: t.types.state.done(a.lines), tone: 'good' };
  if (a.running) return { text: t.types.state.running(a.days_done, a.days_total), tone: 'info' };
  if (a.fault) return { text: t.types.state.failed, tone: 'bad' };
  return { text: t.types.state.waiting, tone: 'mute' };
}

function Application({ a }: { a: Retyping }) {
  const { t } = useApp();
  const state = stateOf(a, t);
  return (
    <li>
      <div class="grow">
        {a.connection_name} <span class="mute"><When at={a.done ? a.finished_at : a.asked_at} never="" /></span>
        {a.running && a.days_total > 0 && <Meter percent={(100 * a.days_done) / a.days_total} label={`${a.connection_name}: ${state.text}`} />}
        {a.fault && <p class="bad-text">{a.fault.text}</p>}
      </div>
      <Badge tone={state.tone}>{state.text}</Badge>
    </li>
  );
}
