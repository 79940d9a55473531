// The app in a real browser. Against a running product when INFRAZEN_URL is set, else against the stand-in API beside
// this file, after a build (go run ./dashboards/build).
//
//   INFRAZEN_URL      the product's address
//   INFRAZEN_SIGN_IN  a one-time link (or its token) of an admin; it is used up
//   BEGET_SIM_URL, BEGET_LOGIN, BEGET_PASSWORD   a stand-in of Beget that has servers
//   CHROMIUM          the browser; /usr/bin/chromium by default
//   SCREENSHOTS       a folder for pictures of the pages; none are made when it is empty
import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const { chromium } = require('playwright-core');
const axeSource = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const env = process.env;
const beget = { url: env.BEGET_SIM_URL ?? '', login: env.BEGET_LOGIN ?? 'romashka3', password: env.BEGET_PASSWORD ?? 'right-password' };
const patience = env.INFRAZEN_URL ? 90_000 : 15_000;

let base = env.INFRAZEN_URL?.replace(/\/$/, '');
let link = env.INFRAZEN_SIGN_IN ?? '';
let fake;
let browser;
let context;
let page;
const complaints = [];

before(async () => {
  if (!base) {
    fake = await (await import('./fake-api.mjs')).start();
    base = fake.url;
    link = 'good';
  }
  browser = await chromium.launch({
    executablePath: env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'ru-RU', timezoneId: 'America/New_York', colorScheme: 'light', acceptDownloads: true });
  context.setDefaultTimeout(patience);
  await context.addInitScript(() => addEventListener('securitypolicyviolation', (e) => console.error(`CSP: ${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`)));
  page = await context.newPage();
  watch(page);
});

after(async () => {
  await browser?.close();
  await fake?.stop();
});

// watch keeps what the browser complains of. Asking for the session before signing in is answered 401: no fault.
function watch(p) {
  p.on('pageerror', (e) => complaints.push('exception: ' + e.message));
  p.on('console', (m) => {
    if (m.type() !== 'error' && m.type() !== 'warning') return;
    if (/status of 401/.test(m.text()) && /\/api\/v1\/session/.test(m.location().url)) return;
    complaints.push(`${m.type()}: ${m.text()} (${m.location().url})`);
  });
}

const open = async (to, p = page) => {
  await p.goto(base + to);
  await p.locator('h1').first().waitFor();
  await p.waitForFunction(() => document.querySelectorAll('.loading').length === 0);
};

const panel = (id, p = page) => p.locator(`[data-panel="${id}"]`);

const api = (method, to, body) => page.evaluate(async ([m, t, b]) => {
  const r = await fetch('/api/v1' + t, { method: m, headers: { 'Content-Type': 'application/json', 'X-Requested-With': 'infrazen' }, body: b ? JSON.stringify(b) : undefined });
  return r.status === 204 ? null : r.json();
}, [method, to, body]);

async function shot(name, p = page) {
  if (!env.SCREENSHOTS) return;
  fs.mkdirSync(env.SCREENSHOTS, { recursive: true });
  await p.screenshot({ path: path.join(env.SCREENSHOTS, name + '.png'), fullPage: true });
}

// money writes a decimal as the app should, by another road than the app's: exact for amounts of up to 13 digits.
const money = (amount, currency, digits) => new Intl.NumberFormat('ru-RU', { style: 'currency', currency, minimumFractionDigits: digits, maximumFractionDigits: digits }).format(Number(amount));

test('a page asks to sign in first, and a wrong link says so', async () => {
  await open('/connections');
  await page.waitForURL(/\/sign-in\?next=/);
  await open('/sign-in?token=nonsense');
  await page.getByRole('alert').filter({ hasText: 'Ссылка больше не действует' }).waitFor();
  await page.getByLabel('Электронная почта').fill('nobody@example.com');
  await page.getByLabel('Пароль').fill('not the password');
  await page.getByRole('button', { name: 'Войти' }).click();
  await page.getByRole('alert').filter({ hasText: 'Почта или пароль не подходят' }).waitFor();
  complaints.length = 0; // the browser logs the refused answers
});

test('a one-time link signs in once', async () => {
  const token = /token=([^&]+)/.exec(link)?.[1] ?? link;
  await open('/sign-in?token=' + token);
  await page.getByRole('heading', { name: 'Задайте пароль' }).waitFor();
  await page.getByRole('button', { name: 'Позже' }).click();
  await page.getByRole('heading', { name: 'Обзор', level: 1 }).waitFor();
  const other = await browser.newContext({ locale: 'ru-RU' });
  const again = await other.newPage();
  await again.goto(base + '/sign-in?token=' + token);
  await again.getByRole('alert').filter({ hasText: 'Ссылка больше не действует' }).waitFor();
  await other.close();
});

test('the overview shows the numbers that the API gives', async () => {
  let asked;
  page.on('request', (r) => {
    const body = r.url().endsWith('/costs/query') ? r.postDataJSON() : null;
    if (body?.compare && !body.group_by?.length) asked = body;
  });
  await open('/');
  const totals = panel('total').locator('data.big');
  await totals.first().waitFor();
  await shot('overview');
  assert.ok(asked, 'the overview asked for a total');
  const answer = await api('POST', '/costs/query', asked);
  assert.ok(answer.totals.length > 0, 'there is some cost');
  assert.equal(await totals.count(), answer.totals.length, 'one number a currency');
  for (const t of answer.totals) {
    const shown = panel('total').locator(`data.big[value="${t.cost}"]`);
    await shown.waitFor();
    assert.equal(await shown.textContent(), money(t.cost, t.currency, Math.abs(Number(t.cost)) >= 1000 ? 0 : 2));
  }
  const by = await api('POST', '/costs/query', { ...asked, step: '', group_by: ['resource', 'connection', 'resource_type'], top: 10 });
  for (const g of by.groups.filter((x) => !x.other && x.unpriced === 0)) await panel('resources').locator(`data[value="${g.cost}"]`).first().waitFor();
  await panel('trend').locator('canvas').waitFor();
  await panel('total').getByText(/данные на|данных ещё нет/).waitFor();
});

test('amounts are shown in the currency chosen, and what has no rate is named', async () => {
  await open('/?range=30d');
  const total = panel('total').locator('data.big');
  await total.first().waitFor();
  const own = await api('GET', '/session');
  assert.equal(await page.getByTestId('currency').textContent(), own.tenant.currency, 'amounts are in the currency of the organisation at first');
  const asked = [];
  const listen = (r) => r.url().endsWith('/costs/query') && asked.push(r.postDataJSON());
  page.on('request', listen);

  await page.getByTestId('currency').click();
  await page.getByRole('dialog', { name: 'Валюта сумм' }).getByText('по курсу ЦБ на день расхода').waitFor();
  await shot('currency');
  await page.getByRole('button', { name: 'Доллары США, $' }).click();
  await page.waitForURL(/currency=USD/);
  await page.waitForFunction(() => document.querySelectorAll('.spinner.small').length === 0);
  const query = asked.find((q) => q.currency === 'USD' && q.compare && !q.group_by?.length);
  assert.ok(query, 'the total is asked for in dollars');
  const inDollars = await api('POST', '/costs/query', query);
  const dollars = inDollars.totals.find((t) => t.currency === 'USD');
  assert.ok(dollars, 'something is converted');
  await panel('total').locator(`data.big[value="${dollars.cost}"]`).waitFor();
  assert.equal(await total.count(), inDollars.totals.length);
  await panel('total').getByText('Пересчитано в\u00a0USD по курсу ЦБ на день расхода').waitFor();

  await page.getByTestId('currency').click();
  await page.getByRole('button', { name: 'Как в\u00a0счетах облаков' }).click();
  await page.waitForURL(/currency=own/);
  const native = await api('POST', '/costs/query', { ...query, currency: '' });
  for (const t of native.totals) await panel('total').locator(`data.big[value="${t.cost}"]`).waitFor();
  assert.equal(await panel('total').locator('.conversion').count(), 0, 'what is not converted has no hint');

  // A currency without any rate: everything stays in its own and is named.
  await open('/?range=30d&currency=XAU');
  const left = native.totals.map((t) => t.currency).join(', ');
  await panel('total').getByText(`Нет курса, не пересчитано: ${left}`).waitFor();
  for (const t of native.totals) await panel('total').locator(`data.big[value="${t.cost}"]`).waitFor();
  await shot('currency-none');
  page.off('request', listen);
});

test('a dragged part of a chart becomes the period of every panel', async () => {
  await open('/?range=30d');
  await panel('trend').locator('.u-over').waitFor();
  const asked = [];
  const listen = (r) => r.url().endsWith('/costs/query') && asked.push(r.postDataJSON());
  page.on('request', listen);
  const box = await panel('trend').locator('.u-over').boundingBox();
  await page.mouse.move(box.x + box.width * 0.3, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.45, box.y + box.height / 2, { steps: 5 });
  await page.mouse.up();
  await page.waitForURL(/from=.*&to=/);
  const url = new URL(page.url());
  await until(() => asked.filter((q) => q.from === url.searchParams.get('from')).length >= 4); // all cost panels ask for the new period
  page.off('request', listen);
  const length = (Date.parse(url.searchParams.get('to')) - Date.parse(url.searchParams.get('from'))) / 86_400_000;
  assert.ok(length > 3.5 && length < 5.5, `15 % of 30 days were chosen, got ${length} days`);
  await page.goBack();
  await page.waitForURL(/range=30d/);
});

test('the cursor is shared by the charts', async () => {
  await open('/?range=30d');
  const charts = page.locator('.u-over');
  await charts.nth(1).waitFor();
  const box = await charts.first().boundingBox();
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.5);
  await page.mouse.move(box.x + box.width * 0.52, box.y + box.height * 0.5);
  await page.waitForFunction(() => document.querySelectorAll('.tip').length >= 2);
  assert.match(await page.locator('.tip').first().textContent(), /Итого/);
  await page.mouse.move(0, 0);
});

test('the range picker changes the period by mouse and by keys', async () => {
  await open('/');
  const button = page.getByTestId('range');
  await button.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Последние 7' }).focus();
  await page.keyboard.press('Enter');
  await page.waitForURL(/range=7d/);
  assert.match(await button.textContent(), /Последние 7/);
  await button.click();
  await page.locator('input[name=from]').fill('2026-11-02T00:00');
  await page.locator('input[name=to]').fill('2026-11-01T00:00');
  await page.getByRole('button', { name: 'Применить' }).click();
  await page.getByText('Конец периода должен быть позже начала.').waitFor();
  await page.locator('input[name=to]').fill('2026-11-03T00:00');
  await page.getByRole('button', { name: 'Применить' }).click();
  await page.waitForURL((u) => u.searchParams.has('from'));
  const zone = (await api('GET', '/session')).tenant.zone;
  if (zone === 'Europe/Moscow') assert.equal(new URL(page.url()).searchParams.get('from'), '2026-11-01T21:00:00Z');
  await button.click();
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('.popover').count(), 0);
  assert.ok(await button.evaluate((b) => b === document.activeElement), 'focus comes back');
});

test('a panel shows its table, gives it as CSV and fills the screen', async () => {
  await open('/?range=7d');
  const menu = panel('services').getByRole('button', { name: 'Меню панели' });
  await panel('services').locator('.ranking, .empty').first().waitFor();
  await menu.click();
  await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'menuitem');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter'); // as a table
  await panel('services').getByRole('columnheader', { name: 'Расходы' }).waitFor();
  await menu.click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'Скачать CSV' }).click()]);
  const csv = fs.readFileSync(await download.path(), 'utf8');
  assert.match(download.suggestedFilename(), /services\.csv$/);
  assert.match(csv, /^\ufeffСервис,Валюта,Расходы,/);
  const lines = csv.trim().split('\r\n');
  assert.equal(lines.length - 1, await panel('services').locator('tbody tr').count());
  await menu.click();
  await page.getByRole('menuitem', { name: 'На весь экран' }).click();
  await page.getByRole('dialog', { name: 'По сервисам' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
});

test('a variable filters every cost panel', async () => {
  await open('/?range=7d');
  await page.getByRole('button', { name: /Сервис:/ }).click();
  const choices = page.locator('.popover .presets button');
  await choices.nth(1).waitFor();
  const name = await choices.nth(1).textContent();
  await choices.nth(1).click();
  await page.waitForURL(/var-service=/);
  await page.waitForFunction(() => document.querySelectorAll('.loading').length === 0);
  await page.getByRole('button', { name: new RegExp(`Сервис: ?${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`) }).waitFor();
});

let added = '';

test('a connection is added: a wrong password is told, a right one collects machines', async () => {
  await open('/connections');
  await page.getByRole('link', { name: 'Подключить облако' }).first().click();
  await page.locator('a.kind').filter({ hasText: 'Beget' }).first().click();
  added = 'Проверка ' + Date.now().toString(36);
  await page.getByLabel('Название').fill(added);
  await page.locator('input[name=login]').fill(beget.login);
  if (beget.url) {
    const address = page.locator('input[name=base_url]');
    if (!(await address.isVisible())) await page.locator('summary').filter({ hasText: 'Дополнительные' }).click();
    await address.fill(beget.url);
  }
  await page.getByRole('button', { name: 'Проверить' }).click();
  await page.getByText('Заполните это поле.').first().waitFor();
  await page.locator('input[name=password]').fill('wrong-' + beget.password);
  await page.getByRole('button', { name: 'Проверить' }).click();
  const fault = page.getByRole('alert').filter({ hasText: 'Проверка не прошла' });
  await fault.waitFor();
  assert.match(await fault.textContent(), /парол/i, 'the sentence names the password');
  await shot('connection-wrong');
  await page.locator('input[name=password]').fill(beget.password);
  await page.getByRole('button', { name: 'Проверить' }).click();
  await page.getByText('Облако приняло доступ').waitFor();
  await page.getByRole('button', { name: 'Сохранить' }).click();
  await page.waitForURL(/\/connections\/[0-9a-f-]{36}$/);
  await page.getByRole('heading', { name: added, level: 1 }).waitFor();
  assert.ok(!(await page.content()).includes(beget.password), 'the password is nowhere on the page');
  await page.getByRole('button', { name: 'Собрать сейчас' }).click();
  await page.getByText('Сбор поставлен в очередь').waitFor();
  const id = page.url().split('/').pop();
  await until(async () => (await api('GET', `/resources?connection=${id}&type=server`)).total > 0);
  await open(`/resources?connection=${id}`);
  await page.locator('table.resources tbody tr').first().waitFor();
  const machines = await api('GET', `/resources?connection=${id}`);
  assert.equal(await page.locator('table.resources tbody tr').count(), machines.resources.length);
  await page.getByRole('link', { name: machines.resources[0].name }).first().waitFor();
});

async function until(holds) {
  for (const end = Date.now() + patience; ;) {
    if (await holds()) return;
    if (Date.now() > end) throw new Error('waited too long');
    await page.waitForTimeout(500);
  }
}

test('resources are searched, and one shows its facts, cost, load and history', async () => {
  const { resources } = await api('GET', '/resources?type=server&limit=1000');
  let found;
  for (const r of resources.slice(0, 30)) {
    const { states } = await api('GET', `/resource/history?connection=${r.connection_id}&id=${encodeURIComponent(r.id)}`);
    if (states.length > 0 && (!found || states.length > found.states.length)) found = { r, states };
  }
  assert.ok(found, 'some server has a history');
  await open('/resources');
  await page.getByLabel('Поиск', { exact: true }).fill(found.r.name);
  await page.waitForURL(/q=/);
  await page.getByRole('link', { name: found.r.name }).first().click();
  await page.getByRole('heading', { name: found.r.name, level: 1 }).waitFor();
  await page.locator('ol.history li').first().waitFor();
  assert.equal(await page.locator('ol.history li').count(), found.states.length);
  await open(`/resource?${new URLSearchParams({ connection: found.r.connection_id, id: found.r.id })}`);
  await page.locator('canvas').first().waitFor();
  await shot('resource');
});

test('a budget is made, shown with its bar, and deleted', async () => {
  await open('/budgets');
  await page.getByRole('button', { name: 'Новый бюджет' }).click();
  const dialog = page.getByRole('dialog');
  const name = 'Бюджет ' + Date.now().toString(36);
  await dialog.getByLabel('Название').fill(name);
  await dialog.getByLabel('Сумма').fill('сто');
  await dialog.getByRole('button', { name: 'Сохранить' }).click();
  await dialog.getByText('Введите положительное число').waitFor();
  await dialog.getByLabel('Сумма').fill('150 000,50');
  await dialog.getByRole('button', { name: 'Сохранить' }).click();
  await dialog.waitFor({ state: 'detached' });
  const card = page.locator('.budget').filter({ hasText: name });
  await card.getByRole('meter').waitFor();
  const held = (await api('GET', '/budgets')).budgets.find((b) => b.name === name);
  assert.equal(Number(held.amount), 150000.5);
  await card.getByRole('button', { name: 'Удалить' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Удалить' }).click();
  await card.waitFor({ state: 'detached' });
});

test('a code links Telegram, a token is shown once', async () => {
  await open('/settings');
  await page.getByRole('button', { name: 'Получить код' }).click();
  await page.getByText(/\/start /).waitFor();
  const name = 'Отчёты ' + Date.now().toString(36);
  await page.getByLabel('Для чего токен').fill(name);
  await page.getByRole('button', { name: 'Создать токен' }).click();
  await page.getByText('больше он показан не будет').waitFor();
  await page.reload();
  await page.locator('.rows li').filter({ hasText: name }).getByRole('button', { name: 'Отозвать' }).click();
  assert.equal(await page.getByText('больше он показан не будет').count(), 0);
  await page.getByRole('dialog').getByRole('button', { name: 'Отозвать' }).click();
  await page.locator('.rows li').filter({ hasText: name }).waitFor({ state: 'detached' });
});

test('the language switches and stays', async () => {
  await open('/settings');
  await page.getByLabel('Язык').selectOption('en');
  await page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor();
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  await until(async () => (await api('GET', '/session')).user.lang === 'en');
  await open('/');
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  const words = await page.locator('#app').evaluate((e) => e.innerText);
  assert.doesNotMatch(words.replace(/[«»"].*?[«»"]/g, ''), /Расход|Обзор|Балансы|данные на/);
  await open('/settings');
  await page.getByLabel('Language').selectOption('ru');
  await page.getByRole('heading', { name: 'Настройки', level: 1 }).waitFor();
  await until(async () => (await api('GET', '/session')).user.lang === 'ru');
});

test('a report is loaded by its columns: the total is compared to the kopeck', async () => {
  const name = 'Отчёт ' + Date.now().toString(36);
  const report = (text) => ({ name: 'июль.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
  const july = 'Дата;Услуга;Сумма, руб.;Отдел\n01.07.2026;ВМ;1 234,56;Продажи\n02.07.2026;Диск;0,44;Склад\nИтого;;1 235,00;\n';
  await open('/connections/new?kind=table');
  await page.getByLabel('Название').fill(name);
  await page.getByRole('button', { name: 'Сохранить' }).click();
  await page.getByText('Выберите файл отчёта.').waitFor();
  await page.locator('input[name=report]').setInputFiles(report(july));
  const found = page.locator('[data-found]');
  await found.getByText(money('1235', 'RUB', 2)).first().waitFor();
  await found.getByText(/Пропущено: 1.строка/).waitFor();
  assert.equal(await page.getByLabel('Что в столбце «Сумма, руб.»').inputValue(), 'cost');
  await page.locator('input[name=document-total]').fill('1 234,99');
  await page.getByText(`В файле больше на ${money('0.01', 'RUB', 2)}`).waitFor();
  await page.locator('input[name=document-total]').fill('1 235,00 ₽');
  await page.getByText('Сходится до копейки.').waitFor();
  await page.getByLabel('Что в столбце «Сумма, руб.»').selectOption('');
  await page.getByRole('alert').filter({ hasText: 'в каком столбце стоимость' }).first().waitFor();
  await page.getByLabel('Что в столбце «Сумма, руб.»').selectOption('cost');
  await page.getByLabel('Что в столбце «Отдел»').selectOption('tag');
  await found.getByText(money('1235', 'RUB', 2)).first().waitFor();
  await shot('mapping');
  assert.deepEqual(await axe(page), []);
  await page.setViewportSize({ width: 360, height: 780 });
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), 'the step fits a phone');
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.getByRole('button', { name: 'Сохранить' }).click();
  await page.waitForURL(/\/connections\/[0-9a-f-]{36}$/);
  const id = page.url().split('/').pop();
  await page.locator('.files').getByText('июль.csv').waitFor();
  const kept = JSON.parse((await api('GET', `/connections/${id}`)).settings.mapping);
  assert.deepEqual([kept.columns.cost, kept.tags], ['Сумма, руб.', [{ column: 'Отдел', key: 'Отдел' }]]);
  await page.locator('input[name=upload]').setInputFiles({ ...report(july.replaceAll('.07.', '.08.')), name: 'август.csv' });
  await page.locator('.files').getByText('август.csv').waitFor();
  await shot('uploads');
  if (env.INFRAZEN_URL) {
    await until(async () => (await api('GET', `/connections/${id}/uploads`)).uploads.every((u) => u.state === 'loaded'));
    const sums = await api('POST', '/costs/query', { from: '2026-06-30T21:00:00Z', to: '2026-08-31T21:00:00Z', filter: { op: 'equals', dimension: 'connection', values: [id] } });
    assert.equal(Number(sums.totals[0].cost), 2470);
  }
  await page.getByRole('button', { name: 'Удалить файл «август.csv»' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Удалить' }).click();
  await page.locator('.files').getByText('август.csv').waitFor({ state: 'detached' });
  assert.deepEqual((await api('GET', `/connections/${id}/uploads`)).uploads.map((u) => u.name), ['июль.csv']);
  await open('/connections'); // a page that asks for a deleted connection would complain
  await api('DELETE', `/connections/${id}`);
});

async function pages() {
  const { connections } = await api('GET', '/connections');
  const { resources } = await api('GET', '/resources?type=server&limit=1');
  const r = resources[0];
  return [
    '/', '/d/servers', '/connections', '/connections/new', '/connections/new?kind=beget', `/connections/${connections[0].id}`, `/connections/${connections[0].id}/edit`,
    '/resources', `/resource?${new URLSearchParams({ connection: r.connection_id, id: r.id })}`, '/budgets', '/unrecognised', '/runway', '/reconciliation', '/settings', '/nothing-here',
  ];
}

test('every page fits a phone without scrolling sideways', async () => {
  for (const to of await pages()) {
    for (const width of [360, 768, 1024]) {
      await page.setViewportSize({ width, height: 780 });
      await open(to);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(over <= 0, `${to} is ${over} px too wide at ${width}`);
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 });
});

test('axe finds nothing on any page in either theme', async () => {
  const found = [];
  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    for (const to of await pages()) {
      await open(to);
      await page.waitForFunction(() => document.querySelectorAll('.spinner').length === 0, undefined, { timeout: 3000 }).catch(() => {}); // a sync under way spins on
      found.push(...(await axe(page)).map((v) => `${scheme} ${to}: ${v}`));
      await shot(`${scheme}-${to.replace(/[^a-z]+/g, '-').slice(0, 30)}`);
    }
  }
  const stranger = await browser.newContext({ locale: 'ru-RU', colorScheme: 'dark' });
  const signIn = await stranger.newPage();
  await open('/sign-in', signIn);
  found.push(...(await axe(signIn)).map((v) => `sign-in: ${v}`));
  await stranger.close();
  await page.emulateMedia({ colorScheme: 'light' });
  assert.deepEqual(found, []);
});

async function axe(p) {
  await p.evaluate(axeSource);
  const { violations } = await p.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')} ${n.any.map((a) => a.message).join('; ').slice(0, 160)}`));
}

test('a connection is deleted only when its name is typed', async () => {
  const id = (await api('GET', '/connections')).connections.find((c) => c.name === added)?.id;
  await open(`/connections/${id}`);
  await page.getByRole('button', { name: 'Удалить' }).click();
  const dialog = page.getByRole('dialog');
  const confirm = dialog.getByRole('button', { name: 'Удалить' });
  assert.ok(await confirm.isDisabled());
  await dialog.locator('input[name=confirm]').fill(added);
  await confirm.click();
  await page.waitForURL(/\/connections$/);
  await page.getByText(`Подключение «${added}» удалено.`).waitFor();
  await until(async () => !(await api('GET', '/connections')).connections.some((c) => c.name === added));
});

test('signing out shows nothing more', async () => {
  await open('/');
  await page.getByRole('button', { name: 'Учётная запись' }).or(page.locator('.side-foot button').last()).last().click();
  await page.getByRole('menuitem', { name: 'Выйти' }).click();
  await page.waitForURL(/\/sign-in/);
  assert.equal(await page.locator('[data-panel]').count(), 0);
});

test('the browser has nothing to complain of', () => {
  assert.deepEqual(complaints, []);
});
