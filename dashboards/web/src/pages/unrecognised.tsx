import { useRef, useState } from 'preact/hooks';
import { typeMappings, unrecognised, type TypeMapping, type Unrecognised as Answer, type UnrecognisedExample, type UnrecognisedGroup } from '../api/unrecognised.ts';
import { Age } from '../dashboard/frame.tsx';
import * as decimal from '../format/decimal.ts';
import { money, share } from '../format/money.ts';
import { day, known } from '../format/time.ts';
import { Link } from '../router.tsx';
import { useApp } from '../state/app.tsx';
import { usePeriod } from '../state/period.tsx';
import { useQuery } from '../state/query.ts';
import { iso } from '../state/range.ts';
import { Badge, Button, Failed, Loading } from '../ui/basics.tsx';
import { Card, PageHead } from '../ui/pages.tsx';
import { RangePicker } from '../ui/rangepicker.tsx';
import { Money } from '../ui/values.tsx';
import { blankRule, MappingDialog, ruleOf, UndoDialog, type Rule } from './typemapping.tsx';
import { Rules } from './typemappings.tsx';
import { unrecognisedChanged } from './unrecognisednav.tsx';

// Unrecognised shows what is charged for things of types that nobody knows: the sum first, then what they are called, and the rules
// that say what they are.
export function Unrecognised() {
  const { t, client, admin } = useApp();
  const period = usePeriod('30d', '1m');
  const { from, to } = period.range;
  const answer = useQuery(`${from}/${to}/${period.turn}`, (signal) => unrecognised(client, iso(from), iso(to), signal));
  const [every, setEvery] = useState(0);
  const waiting = useRef(false); // for history to follow
  const rules = useQuery('type-mappings', async (signal) => {
    const all = await typeMappings(client, signal);
    const done = all.applications.every((a) => a.done);
    setEvery(done ? 30_000 : 2_000);
    if (done && waiting.current) again();
    waiting.current = !done;
    return all;
  }, every);
  const [rule, setRule] = useState<Rule | null>(null);
  const [undone, setUndone] = useState<TypeMapping | null>(null);
  const again = () => { answer.again(); unrecognisedChanged(); };
  const done = () => { waiting.current = true; rules.again(); again(); };
  return (
    <>
      <PageHead title={t.types.title} about={t.types.about}><RangePicker period={period} /></PageHead>
      {answer.error !== undefined && <Failed error={answer.error} again={answer.again} />}
      {!answer.data ? !answer.error && <Loading /> : (
        <div class="stack">
          <Figure a={answer.data} />
          {answer.data.groups.length > 0 && <Groups groups={answer.data.groups} map={admin ? (g) => setRule(blankRule(g)) : undefined} />}
          <Unbilled a={answer.data} map={admin ? setRule : undefined} />
        </div>
      )}
      <div class="stack rules">
        {rules.error !== undefined && <Failed error={rules.error} again={rules.again} />}
        {rules.data && <Rules all={rules.data} edit={(m) => setRule(ruleOf(m))} undo={setUndone} />}
      </div>
      {rule && rules.data && <MappingDialog rule={rule} types={rules.data.types} categories={rules.data.service_categories} close={() => setRule(null)} done={() => { setRule(null); done(); }} />}
      {undone && <UndoDialog m={undone} close={() => setUndone(null)} done={() => { setUndone(null); done(); }} />}
    </>
  );
}

function Figure({ a }: { a: Answer }) {
  const { t, lang } = useApp();
  const some = a.totals.filter((x) => x.lines !== 0 || !decimal.isZero(x.cost));
  return (
    <Card title={t.types.figure}>
      {some.length === 0 ? <p class="good-text">{t.types.nothing}</p> : some.map((x) => (
        <div key={x.currency} class="figure">
          <Money amount={x.cost} currency={x.currency} class="big" />
          <span class="mute">{t.types.ofTotal(share(x.cost, x.total, lang), money(x.total, x.currency, lang))} · {t.types.lines(x.lines)}</span>
          {x.unpriced > 0 && <Badge tone="warn">{t.panel.unpricedLines(x.unpriced)}</Badge>}
        </div>
      ))}
      <Age data={a.data} />
    </Card>
  );
}

function Groups({ groups, map }: { groups: UnrecognisedGroup[]; map: ((g: UnrecognisedGroup) => void) | undefined }) {
  const { t, lang, zone } = useApp();
  return (
    <Card title={t.types.list}>
      <div class="scroll" tabIndex={0}>
        <table class="data odd">
          <thead>
            <tr>
              <th scope="col">{t.types.word}</th><th scope="col" class="wide-only">{t.types.service}</th><th scope="col" class="wide-only">{t.types.where}</th>
              <th scope="col" class="num">{t.panel.cost}</th>{map && <th scope="col"><span class="unseen">{t.types.map}</span></th>}
            </tr>
          </thead>
          <tbody>
            {groups.map((g) => (
              <tr key={[g.connection_id, g.provider_name, g.resource_type, g.service_name, g.service_category, g.sku_id, g.currency].join('\n')}>
                <td class="name">
                  <strong class="break">{g.resource_type || t.types.noWord}</strong>
                  <div class="sub">{t.types.resources(g.resources)}, {t.types.lines(g.lines)}{known(g.first_start) && <>, {t.types.since(day(Date.parse(g.first_start), lang, zone))}</>}</div>
                  <details><summary>{t.types.examples}</summary><Examples connection={g.connection_id} examples={g.examples} /></details>
                </td>
                <td class="wide-only wrap">{g.service_name}<div class="sub break">{g.sku_id}</div></td>
                <td class="wide-only">{g.connection_name || g.connection_id}<div class="sub">{g.provider_name || g.kind_title}</div></td>
                <td class="num">{g.unpriced > 0 && decimal.isZero(g.cost) ? <Badge tone="warn">{t.resources.priceUnknown}</Badge> : <Money amount={g.cost} currency={g.currency} />}</td>
                {map && <td class="num"><Button small onClick={() => map(g)} label={`${t.types.map}: ${g.resource_type || t.types.noWord}`}>{t.types.map}</Button></td>}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function Examples({ connection, examples }: { connection: string; examples: UnrecognisedExample[] }) {
  const { t } = useApp();
  const name = (field: string) => (field.startsWith('Tags.') ? t.resources.tag(field.slice(5)) : (t.types.fields[field] ?? field));
  return (
    <ul class="lines">
      {examples.map((e) => (
        <li key={e.resource_id}>
          {e.resource_id ? <Link to={`/resource?${new URLSearchParams({ connection, id: e.resource_id }).toString()}`}>{e.resource_name || e.resource_id}</Link> : <span>{e.resource_name || '–'}</span>}
          {e.fields.length > 0 && <div class="sub break">{e.fields.map((f) => t.types.field(name(f.name), f.value)).join(' · ')}</div>}
        </li>
      ))}
    </ul>
  );
}

// Unbilled lists resources of unknown types, which may be billed or not.
function Unbilled({ a, map }: { a: Answer; map: ((r: Rule) => void) | undefined }) {
  const { t } = useApp();
  if (a.resources.length === 0) return null;
  return (
    <Card title={t.types.unbilled}>
      <p class="mute gap-below">{t.types.unbilledAbout}</p>
      <ul class="rows">
        {a.resources.map((r) => (
          <li key={r.connection_id + r.resource_type}>
            <div>
              <strong class="break">{r.resource_type}</strong> <span class="mute">· {r.connection_name} · {t.types.resources(r.count)}</span>
              <Examples connection={r.connection_id} examples={r.examples} />
            </div>
            {map && (
              <Button small onClick={() => map({ id: '', kind: r.kind, kindTitle: r.kind_title, resourceType: r.resource_type, service: '', skuPrefix: '', sku: '', to: '', category: '', toService: '', onlyService: false })} label={`${t.types.map}: ${r.resource_type}`}>{t.types.map}</Button>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}
