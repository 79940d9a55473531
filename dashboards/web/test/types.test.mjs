// The pages about what nobody recognised, about snapshots and about what is wrong with resources, in a real browser against the
// stand-in API. INFRAZEN_WEB_DIST is the built app, by default that of go run ./dashboards/build; CHROMIUM and SCREENSHOTS are as in
// app.test.mjs.
import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { start } from './fake-api.mjs';

const require = createRequire(import.meta.url);
const { chromium } = require('playwright-core');
const axeSource = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const env = process.env;

let fake;
let browser;
let page;
const complaints = [];

before(async () => {
  fake = await start({ dist: env.INFRAZEN_WEB_DIST });
  browser = await chromium.launch({
    executablePath: env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'ru-RU', colorScheme: 'light' });
  context.setDefaultTimeout(15_000);
  page = await context.newPage();
  page.on('pageerror', (e) => complaints.push('exception: ' + e.message));
  page.on('console', (m) => {
    if ((m.type() === 'error' || m.type() === 'warning') && !/status of 401/.test(m.text())) complaints.push(`${m.type()}: ${m.text()}`);
  });
  await page.goto(fake.url + '/sign-in?token=good');
  await page.getByRole('button', { name: 'Позже' }).click();
  await page.getByRole('heading', { name: 'Обзор', level: 1 }).waitFor();
});

after(async () => {
  await browser?.close();
  await fake?.stop();
});

const open = async (to) => {
  await page.goto(fake.url + to);
  await page.locator('h1').first().waitFor();
  await page.waitForFunction(() => document.querySelectorAll('.loading').length === 0);
};

async function shot(name) {
  if (!env.SCREENSHOTS) return;
  fs.mkdirSync(env.SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: path.join(env.SCREENSHOTS, name + '.png'), fullPage: true });
}

const row = (text) => page.locator('table.odd tbody tr').filter({ hasText: text });

test('the navigation leads to what nobody recognised, with its sum', async () => {
  const link = page.getByRole('navigation').getByRole('link', { name: 'Неопознанное' });
  await link.filter({ hasText: /4\s721\s₽/ }).waitFor();
  await link.click();
  await page.getByRole('heading', { name: 'Неопознанное', level: 1 }).waitFor();
  await page.locator('.figure data[value="4721.00"]').waitFor();
  assert.match(await page.locator('.figure').textContent(), /10\s% из 47\s210,00\s₽ · 723\sстроки счёта/);
  assert.equal(await page.locator('table.odd tbody tr').count(), 2);
  await row('TAPE_ARCHIVE').locator('summary').click();
  await row('TAPE_ARCHIVE').getByText('Описание: Хранение на ленте LTO-8').waitFor();
  await row('TAPE_ARCHIVE').getByText('Тег team: legal').waitFor();
  await page.getByText('TAPE_DRIVE').waitFor();
  await shot('unrecognised');
});

test('a type is said, history follows, and the rule is changed and undone', async () => {
  await open('/unrecognised');
  await row('TAPE_ARCHIVE').getByRole('button', { name: 'Указать тип' }).click();
  const dialog = page.getByRole('dialog', { name: 'Что такое «TAPE_ARCHIVE»?' });
  await dialog.getByRole('button', { name: 'Сохранить' }).click();
  await dialog.getByRole('alert').filter({ hasText: 'Выберите тип' }).waitFor();
  await dialog.getByLabel('Это', { exact: true }).selectOption({ label: 'Резервная копия' });
  await dialog.getByLabel('Категория сервиса').locator('option', { hasText: 'Как у типа: Хранение' }).waitFor({ state: 'attached' });
  await dialog.getByLabel('Только артикулы').fill('lto');
  await shot('unrecognised-dialog');
  await dialog.getByRole('button', { name: 'Сохранить' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByText('Правило сохранено').waitFor();
  assert.deepEqual(fake.world.mappings[0].match, { resource_type: 'TAPE_ARCHIVE', service_name: '', sku_prefix: 'lto' });
  assert.equal(fake.world.mappings[0].to.resource_type, 'backup');
  await row('TAPE_ARCHIVE').waitFor({ state: 'detached' });
  await page.getByText('пересматриваем: 21 из 90').waitFor();
  await page.getByText(/готово, изменено: 720\sстрок/).waitFor();
  await page.locator('.figure data[value="600.25"]').waitFor();
  await page.getByRole('navigation').getByRole('link', { name: 'Неопознанное' }).filter({ hasText: /600,25\s₽/ }).waitFor();
  const rule = page.locator('.rules .rows li').filter({ hasText: 'TAPE_ARCHIVE' });
  assert.match(await rule.textContent(), /→ Резервная копия.*Beget · любой сервис · артикул с «lto»/);
  await shot('unrecognised-rules');
  await rule.getByRole('button', { name: 'Изменить: TAPE_ARCHIVE' }).click();
  const edit = page.getByRole('dialog', { name: 'Изменить правило' });
  assert.equal(await edit.getByLabel('Это', { exact: true }).inputValue(), 'backup');
  await edit.getByLabel('Это', { exact: true }).selectOption('volume');
  await edit.getByRole('button', { name: 'Сохранить' }).click();
  await page.locator('.rules .rows li').filter({ hasText: '→ Диск' }).waitFor();
  await rule.getByRole('button', { name: 'Отменить: TAPE_ARCHIVE' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Отменить', exact: true }).click();
  await row('TAPE_ARCHIVE').waitFor();
  await page.getByText('Правил пока нет').waitFor();
});

test('what has no type of its own is told by its service', async () => {
  await open('/unrecognised');
  await row('Консультации').getByRole('button', { name: 'Указать тип' }).click();
  const dialog = page.getByRole('dialog');
  const only = dialog.getByLabel('Только для сервиса «Консультации»');
  assert.ok(await only.isChecked() && await only.isDisabled());
  await dialog.getByLabel('Это', { exact: true }).selectOption('other');
  await dialog.getByRole('button', { name: 'Сохранить' }).click();
  await dialog.waitFor({ state: 'detached' });
  assert.equal(fake.world.mappings.at(-1).match.service_name, 'Консультации');
});

test('a connection tells its snapshots and what they changed in words', async () => {
  const id = fake.world.connections[0].id;
  await open(`/connections/${id}`);
  const list = page.locator('.snapshots > li');
  await list.first().waitFor();
  assert.equal(await list.count(), 2, 'those without changes are hidden');
  await list.first().getByText('новых 1, изменённых 1, удалённых 1').click();
  const changes = list.first();
  for (const text of ['Появились', 'Изменились', 'Исчезли', /Память: 4\sГБ → 8\sГБ/, 'Состояние: остановлен → работает', 'Тег team: задано platform', 'Что не так: без сервера', /Цена: 3,50\s₽ в\sчас → 6,12\s₽ в\sчас/]) await changes.getByText(text).waitFor();
  await changes.getByRole('link', { name: 'old-monitoring' }).waitFor();
  await list.nth(1).locator('summary').click();
  await list.nth(1).getByText('Beget не отвечает на запрос списка баз').waitFor();
  await shot('snapshots');
  await page.getByLabel('Только с изменениями').uncheck();
  assert.equal(await list.count(), 4);
  await list.first().getByText(/без изменений, 14\sресурсов/).waitFor();
});

test('zombies and orphans have badges, filters and an explanation', async () => {
  await open('/resources');
  await page.locator('tr').filter({ hasText: 'staging' }).getByText('призрак').waitFor();
  await page.locator('tr').filter({ hasText: 'web-1' }).getByText('env: prod, team: platform').first().waitFor();
  await page.getByLabel('Что не так').selectOption({ label: 'Остались без сервера' });
  await page.waitForURL(/condition=orphan/);
  await page.waitForFunction(() => document.querySelectorAll('table.resources tbody tr').length === 1);
  await page.getByRole('link', { name: '185.50.25.17' }).click();
  await page.getByText('сервера, для которого этот ресурс, больше нет').waitFor();
  await shot('orphan');
});

test('these pages fit a phone, and axe finds nothing in either theme', async () => {
  const found = [];
  const pages = ['/unrecognised', `/connections/${fake.world.connections[0].id}`, '/resources?condition=orphan', '/resource?' + new URLSearchParams({ connection: fake.world.connections[0].id, id: 'floating_ip-8' })];
  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    for (const to of pages) {
      await open(to);
      if (to.startsWith('/connections')) await page.locator('.snapshots summary').first().click();
      if (to === '/unrecognised') await page.locator('table.odd summary').first().click().catch(() => {});
      await page.evaluate(axeSource);
      const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
      found.push(...violations.flatMap((v) => v.nodes.map((n) => `${scheme} ${to} ${v.id}: ${n.target.join(' ')}`)));
      for (const width of [360, 768]) {
        await page.setViewportSize({ width, height: 780 });
        await page.waitForFunction(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth, null, { timeout: 3000 }).catch(() => {}); // charts follow
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (over > 0) found.push(`${to} is ${over} px too wide at ${width}`);
        if (width === 360 && scheme === 'light') await shot('phone' + to.replace(/[^a-z]+/g, '-').slice(0, 20));
      }
      await page.setViewportSize({ width: 1440, height: 900 });
    }
  }
  assert.deepEqual(found, []);
});

test('the browser has nothing to complain of', () => {
  assert.deepEqual(complaints, []);
});
