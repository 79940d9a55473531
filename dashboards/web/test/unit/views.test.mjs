import test from 'node:test';
import assert from 'node:assert/strict';
import { csv, groupLabel, withChosen } from '../../src/dashboard/view.ts';
import { align } from '../../src/dashboard/otherpanels.tsx';
import { changeText } from '../../src/pages/resource.tsx';
import { percentOf } from '../../src/pages/budgets.tsx';
import { ring } from '../../src/chart/shapes.tsx';
import { Colours } from '../../src/chart/palette.ts';
import { texts } from '../../src/text/index.ts';
import { Client, Problem } from '../../src/api/client.ts';
import { sentence } from '../../src/state/app.tsx';

const nb = '\u00a0';
const plain = (s) => s.replaceAll(nb, ' ');

test('CSV quotes what must be quoted and disarms formulas in names, not in numbers', () => {
  const table = { head: ['Имя', 'Сумма'], numeric: [false, true], rows: [{ cells: [], raw: ['=HYPERLINK("x")', '-5.10'] }, { cells: [], raw: ['a, "b"\nc', '1'] }, { cells: [], raw: ['@cmd', ''] }] };
  assert.equal(csv(table), '\ufeffИмя,Сумма\r\n"\'=HYPERLINK(""x"")",-5.10\r\n"a, ""b""\nc",1\r\n\'@cmd,\r\n');
});

test('variables are further conditions', () => {
  const own = { op: 'equals', dimension: 'resource_type', values: ['server'] };
  assert.equal(withChosen(undefined, {}), undefined);
  assert.deepEqual(withChosen(own, {}), own);
  assert.deepEqual(withChosen(undefined, { service: '' }), { op: 'equals', dimension: 'service', values: [''] });
  assert.deepEqual(withChosen(own, { service: 'x' }), { op: 'and', args: [own, { op: 'equals', dimension: 'service', values: ['x'] }] });
});

test('keys of groups are named for people', () => {
  assert.equal(groupLabel('service', { value: '', label: '' }, texts.ru), 'Не указано');
  assert.equal(groupLabel('resource_type', { value: 'floating_ip', label: 'floating_ip' }, texts.ru), 'IP-адрес');
  assert.equal(groupLabel('resource_type', { value: 'quantum', label: 'quantum' }, texts.ru), 'quantum');
  assert.equal(groupLabel('unrecognised', { value: 'true', label: 'true' }, texts.en), 'Unrecognised');
});

test('series of different times share one axis', () => {
  const s = (times, values) => ({ metric: 'm', step: 0, times, values, max: values });
  assert.deepEqual(align([s([1, 3], [10, 30]), undefined, s([2, 3], [20, 33])]), { times: [1, 2, 3], rows: [[10, null, 30], [null, null, null], [null, 20, 33]] });
});

test('changes of a resource in words', () => {
  const say = (field, old, fresh, lang = 'ru') => plain(changeText({ field, old, new: fresh }, texts[lang], lang, 'Europe/Moscow'));
  assert.equal(say('memory_bytes', '2147483648', '4294967296'), 'Память: 2 ГБ → 4 ГБ');
  assert.equal(say('vcpu', '0', '2'), 'Процессоры: задано 2');
  assert.equal(say('tag.team', 'ops', ''), 'Тег team: больше не задано (было ops)');
  assert.equal(say('status', 'RUNNING', 'STOPPED', 'en'), 'Status: running → stopped');
  assert.equal(say('rate.', '3.472 RUB/hour vps billed', '? RUB/hour vps'), 'Цена: 3,47 ₽ в час → цена неизвестна');
  assert.equal(say('rate.license:isp', '', '300 RUB/month', 'en'), 'Price, license:isp: set to ₽300.00 a month');
  assert.equal(say('attribute.os', 'Debian 11', 'Debian 12'), 'Параметр «os»: Debian 11 → Debian 12');
  assert.equal(say('something_new', 'a', 'b'), 'something_new: a → b');
});

test('the spent part of a budget is rounded down: 100 % is reached only when it is', () => {
  assert.equal(percentOf('99.999999', '100'), 99);
  assert.equal(percentOf('100', '100'), 100);
  assert.equal(percentOf('0', '100'), 0);
});

test('a ring of one slice is whole', () => {
  assert.match(ring(0, 1), /A48 48 0 1 1/);
  assert.match(ring(0, 0.25), /^M0\.000 -48\.000A48 48 0 0 1 48\.000 /);
});

test('colours are given in order, each kind by itself', () => {
  const c = new Colours();
  const first = c.of('service', 'a', false);
  assert.notEqual(c.of('service', 'b', false), first);
  assert.equal(c.of('service', 'a', false), first);
  assert.equal(c.of('provider', 'z', false), first);
});

test('both languages say the same things', () => {
  const shape = (o) => Object.fromEntries(Object.entries(o).map(([k, v]) => [k, typeof v === 'object' ? shape(v) : typeof v]));
  assert.deepEqual(shape(texts.en), shape(texts.ru));
});

test('problems become sentences', async () => {
  const kept = globalThis.fetch;
  const answer = (status, body) => { globalThis.fetch = async () => new Response(body, { status }); };
  let out = 0;
  const client = new Client('ru', () => out++);
  const said = async () => { try { await client.connections(); } catch (e) { return sentence(e, texts.ru); } };
  try {
    answer(422, JSON.stringify({ title: 't', detail: 'Запрос неверен.', errors: [{ location: 'body.name', message: 'имя пусто' }] }));
    assert.equal(await said(), 'Запрос неверен. · имя пусто');
    answer(502, '<html>nginx</html>');
    assert.match(await said(), /ошибкой 502/);
    answer(503, '');
    assert.match(await said(), /Хранилище данных сейчас недоступно/);
    answer(401, JSON.stringify({ detail: 'Войдите.' }));
    assert.equal(await said(), 'Войдите.');
    assert.equal(out, 1);
    globalThis.fetch = async () => { throw new TypeError('network'); };
    assert.match(await said(), /не отвечает/);
    answer(204, null);
    await client.deleteToken('x');
  } finally {
    globalThis.fetch = kept;
  }
  assert.equal(new Problem(404, '').status, 404);
});
