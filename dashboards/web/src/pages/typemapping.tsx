import { useState } from 'preact/hooks';
import { deleteMapping, saveMapping, type TypeMapping, type TypeMappings, type UnrecognisedGroup } from '../api/unrecognised.ts';
import { sentence, useApp } from '../state/app.tsx';
import { Button, Dialog, Notice, SelectField, TextField } from '../ui/basics.tsx';

// Rule is a mapping as the dialog holds it. Service and sku are those of the line that it began with.
export interface Rule {
  id: string;
  kind: string;
  kindTitle: string;
  resourceType: string;
  service: string;
  onlyService: boolean;
  sku: string;
  skuPrefix: string;
  to: string;
  category: string;
  toService: string;
}

export function blankRule(g: UnrecognisedGroup): Rule {
  // Without a word of its own a line can only be told by its service.
  return { id: '', kind: g.kind, kindTitle: g.kind_title, resourceType: g.resource_type, service: g.service_name, onlyService: g.resource_type === '', sku: g.sku_id, skuPrefix: '', to: '', category: '', toService: '' };
}

export function ruleOf(m: TypeMapping): Rule {
  return {
    id: m.id, kind: m.kind, kindTitle: m.kind_title, resourceType: m.match.resource_type, service: m.match.service_name ?? '', onlyService: (m.match.service_name ?? '') !== '',
    sku: '', skuPrefix: m.match.sku_prefix ?? '', to: m.to.resource_type, category: m.to.service_category ?? '', toService: m.to.service_name ?? '',
  };
}

// MappingDialog says what a cloud's own type is.
export function MappingDialog({ rule, types, categories, close, done }: { rule: Rule; types: TypeMappings['types']; categories: string[]; close: () => void; done: () => void }) {
  const { t, client, tell } = useApp();
  const [r, setRule] = useState(rule);
  const [fault, setFault] = useState('');
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const word = rule.resourceType || rule.service || t.types.noWord;
  const set = (change: Partial<Rule>) => setRule({ ...r, ...change });
  const own = types.find((x) => x.value === r.to)?.service_category;
  const category = (name: string) => t.types.categories[name] ?? name;
  const submit = (e: Event) => {
    e.preventDefault();
    setFault(r.to ? '' : t.types.needType);
    if (!r.to) return;
    setBusy(true);
    saveMapping(client, r.id, {
      kind: r.kind, match: { resource_type: r.resourceType, service_name: r.onlyService ? r.service : '', sku_prefix: r.skuPrefix.trim() },
      to: { resource_type: r.to, service_category: r.category, service_name: r.toService.trim() },
    }).then(
      () => { tell(t.types.saved); done(); },
      (error: unknown) => { setBusy(false); setProblem(sentence(error, t)); },
    );
  };
  return (
    <Dialog title={rule.id ? t.types.editTitle(word) : t.types.mapTitle(word)} onClose={close}>
      <form class="form" onSubmit={submit} noValidate>
        {problem && <Notice tone="bad">{problem}</Notice>}
        <p class="mute">{r.kindTitle}. {t.types.mapAbout}</p>
        <SelectField
          label={t.types.to} help={t.types.toHelp} name="to" value={r.to} error={fault} onInput={(v) => { set({ to: v }); setFault(''); }}
          options={[{ value: '', label: t.types.pick }, ...types.map((x) => ({ value: x.value, label: t.resources.typeOne[x.value] ?? x.value }))]}
        />
        <SelectField
          label={t.types.category} name="category" value={r.category} onInput={(v) => set({ category: v })}
          options={[{ value: '', label: own ? t.types.categoryAuto(category(own)) : t.types.categoryAutoNone }, ...categories.map((c) => ({ value: c, label: category(c) }))]}
        />
        <TextField label={t.types.toService} help={t.types.toServiceHelp} name="service" value={r.toService} placeholder={r.service} optional onInput={(v) => set({ toService: v })} />
        {r.service !== '' && (
          <label class="check wraps"><input type="checkbox" name="only-service" checked={r.onlyService} disabled={r.resourceType === ''} onChange={(e) => set({ onlyService: e.currentTarget.checked })} />{t.types.onlyService(r.service)}</label>
        )}
        <TextField label={t.types.sku} help={t.types.skuHelp} name="sku" value={r.skuPrefix} placeholder={r.sku} optional onInput={(v) => set({ skuPrefix: v })} />
        <div class="actions"><Button submit tone="primary" busy={busy}>{t.common.save}</Button><Button onClick={close}>{t.common.cancel}</Button></div>
      </form>
    </Dialog>
  );
}

export function UndoDialog({ m, close, done }: { m: TypeMapping; close: () => void; done: () => void }) {
  const { t, client, tell } = useApp();
  const [problem, setProblem] = useState('');
  const undo = () => deleteMapping(client, m.id).then(() => { tell(t.types.undone); done(); }, (e: unknown) => setProblem(sentence(e, t)));
  return (
    <Dialog title={t.types.undoTitle(m.match.resource_type || m.match.service_name || t.types.noWord)} onClose={close}>
      <p>{t.types.undoAbout}</p>
      {problem && <Notice tone="bad">{problem}</Notice>}
      <div class="actions"><Button tone="danger" onClick={() => void undo()}>{t.types.undo}</Button><Button onClick={close}>{t.common.cancel}</Button></div>
    </Dialog>
  );
}
