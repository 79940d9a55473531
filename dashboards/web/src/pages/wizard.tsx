import { useState } from 'preact/hooks';
import type { Connection, Provider, ProviderField, TestResult } from '../api/types.ts';
import { Link, usePlace } from '../router.tsx';
import { Problem } from '../api/client.ts';
import { sentence, useApp } from '../state/app.tsx';
import { useQuery } from '../state/query.ts';
import { Button, Failed, Loading, Notice, SelectField, TextArea, TextField } from '../ui/basics.tsx';
import { Icon } from '../ui/icons.tsx';
import { Card, PageHead } from '../ui/pages.tsx';
import { Faults, Scopes } from './connection.tsx';
import { MappingStep } from './mapping.tsx';

function Back({ to }: { to: string }) {
  const { t } = useApp();
  return <Link to={to} class="back"><Icon name="left" size={16} />{t.common.back}</Link>;
}

// NewConnection asks for the kind, then for its settings, tests them and saves.
export function NewConnection() {
  const { t, client, lang } = useApp();
  const place = usePlace();
  const kind = place.search.get('kind') ?? '';
  const answer = useQuery('providers' + lang, () => client.providers());
  if (!answer.data) return answer.error ? <Failed error={answer.error} again={answer.again} /> : <Loading />;
  const provider = answer.data.find((p) => p.kind === kind);
  if (provider) {
    return (
      <>
        <PageHead title={t.connections.step2(provider.title)} about={provider.about} back={<Back to="/connections/new" />} />
        <Form key={kind} provider={provider} />
      </>
    );
  }
  return (
    <>
      <PageHead title={t.connections.step1} back={<Link to="/connections" class="back"><Icon name="left" size={16} />{t.connections.title}</Link>} />
      <ul class="kinds">
        {answer.data.map((p) => (
          <li key={p.kind}><Link to={`/connections/new?kind=${p.kind}`} class="kind"><strong>{p.title}</strong><span>{p.about}</span><Icon name="right" /></Link></li>
        ))}
      </ul>
    </>
  );
}

export function EditConnection({ id }: { id: string }) {
  const { t, client, lang } = useApp();
  const answer = useQuery(id + lang, async (signal) => {
    const [connection, providers] = await Promise.all([client.connection(id, signal), client.providers()]);
    return { connection, provider: providers.find((p) => p.kind === connection.kind) };
  });
  if (!answer.data) return answer.error ? <Failed error={answer.error} again={answer.again} /> : <Loading />;
  const { connection, provider } = answer.data;
  return (
    <>
      <PageHead title={t.connections.editTitle(connection.name)} about={connection.kind_title} back={<Back to={`/connections/${id}`} />} />
      {provider ? <Form provider={provider} connection={connection} /> : <Notice tone="bad">{t.problem.notFound}</Notice>}
    </>
  );
}

// initial are the values of the fields as the form starts: secrets are never told, so they start empty.
function initial(fields: ProviderField[], c?: Connection): Record<string, string> {
  return Object.fromEntries(fields.map((f) => [f.name, f.secret ? '' : (c ? (c.settings[f.name] ?? '') : f.default || (f.required ? (f.options?.[0]?.value ?? '') : ''))]));
}

function Form({ provider, connection }: { provider: Provider; connection?: Connection }) {
  const { t, client, tell } = useApp();
  const place = usePlace();
  const [name, setName] = useState(connection?.name ?? provider.title);
  const [values, setValues] = useState(() => initial(provider.fields, connection));
  const [missing, setMissing] = useState<ReadonlySet<string>>(new Set());
  const [busy, setBusy] = useState<'' | 'test' | 'save'>('');
  const [result, setResult] = useState<TestResult | null>(null);
  const [problem, setProblem] = useState<unknown>();
  const [file, setFile] = useState<File | null>(null);
  const mapped = provider.fields.find((f) => f.mapping && provider.previews);
  const kept = (f: ProviderField) => f.secret && (connection?.secrets_set.includes(f.name) ?? false);
  // sent leaves out the secrets that stay as they are.
  const sent = () => Object.fromEntries(Object.entries(values).filter(([k, v]) => v !== '' || (connection && !provider.fields.find((f) => f.name === k)?.secret)));
  const check = (): boolean => {
    const bad = new Set(provider.fields.filter((f) => f.required && !kept(f) && values[f.name]?.trim() === '').map((f) => f.name));
    if (name.trim() === '') bad.add('');
    setMissing(bad);
    return bad.size === 0;
  };
  const test = () => {
    if (!check()) return;
    setBusy('test');
    setResult(null);
    setProblem(undefined);
    (connection ? client.testKept(connection.id, sent()) : client.testNew(provider.kind, sent())).then(setResult, setProblem).finally(() => setBusy(''));
  };
  const save = (e: Event) => {
    e.preventDefault();
    if (!check()) return;
    setBusy('save');
    setProblem(undefined);
    const work = connection
      ? client.updateConnection(connection.id, { version: connection.version, name: name.trim(), settings: sent() })
      : client.createConnection({ kind: provider.kind, name: name.trim(), settings: sent() });
    work.then(async (c) => {
      const id = c?.id ?? connection!.id;
      // The connection is there whatever becomes of the file: what is wrong with it is told on its page.
      if (file) await client.upload(id, file).catch((e: unknown) => tell(sentence(e, t)));
      return c;
    }).then(
      (c) => { tell(t.common.saved); place.go(`/connections/${c?.id ?? connection!.id}`); },
      (error: unknown) => { setBusy(''); setProblem(error); },
    );
  };
  const faultOf = (field: string) => problem instanceof Problem ? problem.faults.find((f) => f.location.split('.').pop() === field)?.message : undefined;
  const field = (f: ProviderField) => (
    <Setting key={f.name} field={f} value={values[f.name] ?? ''} kept={kept(f)} error={missing.has(f.name) ? t.connections.required : faultOf(f.name)} onInput={(v) => { setValues({ ...values, [f.name]: v }); setResult(null); }} />
  );
  const plain = provider.fields.filter((f) => !f.advanced && f !== mapped);
  const advanced = provider.fields.filter((f) => f.advanced && f !== mapped);
  return (
    <Card class={mapped ? 'mapping' : 'narrow'}>
      <form class="form" onSubmit={save} noValidate>
        <TextField label={t.connections.name} help={t.connections.nameHelp} name="connection-name" required value={name} onInput={setName} error={missing.has('') ? t.connections.required : faultOf('name')} />
        {plain.map(field)}
        {advanced.length > 0 && (
          <details open={advanced.some((f) => missing.has(f.name) || faultOf(f.name))}>
            <summary>{t.connections.advanced}</summary>
            {advanced.map(field)}
          </details>
        )}
        {mapped && (
          <MappingStep
            provider={provider} value={values[mapped.name] ?? ''} file={file} onFile={setFile} onInput={(v) => { setValues((old) => ({ ...old, [mapped.name]: v })); setResult(null); }}
            error={missing.has(mapped.name) && (values[mapped.name] ?? '') === '' ? t.mapping.chooseFirst : faultOf(mapped.name)}
          />
        )}
        {problem !== undefined && <Notice tone="bad">{sentence(problem, t)}</Notice>}
        {result && (result.ok
          ? <Notice tone="good">{t.connections.testOk}</Notice>
          : <div class="notice bad" role="alert"><div><strong>{t.connections.testFail}</strong><Faults faults={result.faults} scopes={result.scopes} /></div></div>)}
        {result?.ok && result.faults.length > 0 && <Faults faults={result.faults} scopes={result.scopes} />}
        <div class="actions">
          <Button submit tone="primary" busy={busy === 'save'}>{busy === 'save' ? t.connections.saving : t.connections.saveAnyway}</Button>
          {!mapped && <Button onClick={test} busy={busy === 'test'}>{busy === 'test' ? t.connections.testing : t.connections.test}</Button>}
        </div>
        {result && result.scopes.length > 0 && <details><summary>{t.connections.scopes}</summary><Scopes scopes={result.scopes} /></details>}
      </form>
    </Card>
  );
}

function Setting(props: { field: ProviderField; value: string; kept: boolean; error?: string; onInput: (v: string) => void }) {
  const { t } = useApp();
  const { field: f } = props;
  const help = [f.help, props.kept ? t.connections.secretKept : ''].filter(Boolean).join(' ');
  if (f.options && f.options.length > 0) {
    const options = f.required || f.default ? f.options : [{ value: '', label: '–' }, ...f.options];
    return <SelectField label={f.label} help={help} name={f.name} value={props.value} error={props.error} onInput={props.onInput} options={options} />;
  }
  if (f.multiline) {
    return <TextArea label={f.label} help={help} name={f.name} optional={!f.required} value={props.value} error={props.error} onInput={props.onInput} placeholder={props.kept ? '••••••••' : f.default} />;
  }
  return (
    <TextField
      label={f.label} help={help} name={f.name} optional={!f.required} type={f.secret ? 'password' : 'text'} autocomplete={f.secret ? 'new-password' : 'off'}
      value={props.value} error={props.error} onInput={props.onInput} placeholder={props.kept ? '••••••••' : f.default}
    />
  );
}
