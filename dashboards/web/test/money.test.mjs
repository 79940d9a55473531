// The pages about money on accounts in a real browser, against the stand-in API beside this file. WEB_DIST is the folder that the app
// was built into; that of "go run ./dashboards/build" by default. CHROMIUM is the browser; /usr/bin/chromium by default.
import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { start } from './fake-api.mjs';

const require = createRequire(import.meta.url);
const { chromium } = require('playwright-core');
const axeSource = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

let fake;
let browser;
let page;
const complaints = [];

before(async () => {
  fake = await start(process.env.WEB_DIST ? { dist: process.env.WEB_DIST } : {});
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'ru-RU', timezoneId: 'America/New_York', colorScheme: 'light' });
  context.setDefaultTimeout(15_000);
  page = await context.newPage();
  page.on('pageerror', (e) => complaints.push('exception: ' + e.message));
  page.on('console', (m) => {
    if (m.type() === 'error' && !/status of 4\d\d/.test(m.text())) complaints.push(m.text());
  });
  await open('/sign-in?token=good');
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

const plain = (s) => s.replace(/\u00a0/g, ' ').replace(/\s+/g, ' ').trim();

// words writes an hour as the app should, by another road than the app's: Moscow is three hours ahead of UTC.
function words(at) {
  const t = new Date(Math.round(at / 3_600_000) * 3_600_000 + 3 * 3_600_000);
  const weekday = ['в воскресенье', 'в понедельник', 'во вторник', 'в среду', 'в четверг', 'в пятницу', 'в субботу'][t.getUTCDay()];
  const month = ['января', 'февраля', 'марта', 'апреля', 'мая', 'июня', 'июля', 'августа', 'сентября', 'октября', 'ноября', 'декабря'][t.getUTCMonth()];
  const year = t.getUTCFullYear() === new Date(Date.now() + 3 * 3_600_000).getUTCFullYear() ? '' : ' ' + t.getUTCFullYear();
  return `${weekday}, ${t.getUTCDate()} ${month}${year}, около ${String(t.getUTCHours()).padStart(2, '0')}:00`;
}

const api = (to) => page.evaluate((t) => fetch('/api/v1' + t).then((r) => r.json()), to);

test('the overview says which account runs out first, and when', async () => {
  await open('/');
  const rows = page.locator('[data-panel="balances"] tbody tr');
  await rows.first().waitFor();
  const { accounts } = await api('/runway');
  assert.equal(await rows.count(), accounts.length);
  const first = plain(await rows.first().textContent());
  assert.ok(first.includes(accounts[0].connection_name), first);
  assert.ok(first.includes(words(Date.parse(accounts[0].ends_at))), `${first} should say ${words(Date.parse(accounts[0].ends_at))}`);
  assert.ok(first.includes('380,25 ₽') && first.includes('2 дня'), first);
  await page.getByRole('link', { name: /сколько пополнить/ }).click();
  await page.getByRole('heading', { name: 'На сколько хватит денег', level: 1 }).waitFor();
});

test('an account tells its end, its range and the top-up to the day asked for', async () => {
  await open('/runway');
  const { accounts } = await api('/runway');
  const card = page.locator('.runway').first();
  const text = plain(await card.textContent());
  for (const part of [
    words(Date.parse(accounts[0].ends_at)), 'не раньше чем ' + words(Date.parse(accounts[0].ends_early)), 'не позже чем ' + words(Date.parse(accounts[0].ends_late)),
    'когда удалят данные, облако не говорит', '143,86 ₽', 'обычно от 131,20 ₽ до 160,01 ₽', 'из них по оценке 12,50 ₽', '5 231 ₽', 'с запасом 5 847 ₽', 'Не дольше: у 3 строк',
    'целыми сутками', 'правило облака не подтверждено', 'облако сообщило 412,10 ₽',
  ]) assert.ok(text.includes(part), `no "${part}" in: ${text}`);
  await page.getByLabel('Чтобы хватило по').fill('2026-12-01');
  await page.getByLabel('Чтобы хватило по').dispatchEvent('change');
  await card.locator('.top-up[value="99"]').waitFor();
  const last = plain(await page.locator('.runway').last().textContent());
  assert.ok(last.includes('оплата после использования'), last);
});

test('a closing document is entered, taken apart to the kopeck, and deleted', async () => {
  await open('/reconciliation');
  await page.getByLabel('Месяц').fill('2026-09');
  await page.getByText('сентябрь 2026').waitFor();
  const row = page.locator('[data-row]').first();
  assert.ok(plain(await row.textContent()).includes('нет документа'));
  await row.getByRole('button', { name: 'Внести документ' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('сентябрь 2026').waitFor();
  await dialog.getByLabel('Сумма с НДС').fill('сто');
  await dialog.getByRole('button', { name: 'Сохранить' }).click();
  await dialog.getByText('Введите сумму числом').waitFor();
  await dialog.getByLabel('Сумма с НДС').fill('13');
  await dialog.getByRole('button', { name: 'Сохранить' }).click();
  await dialog.getByRole('alert').filter({ hasText: 'сумма не годится' }).waitFor();
  const book = (text) => ({ name: 'act.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
  await dialog.getByLabel('Документ файлом').setInputFiles(book('Дата;Услуга;Сумма, руб.\nвчера;Серверы;1\n'));
  await dialog.getByText('впишите сумму вручную').waitFor();
  assert.equal(await dialog.getByLabel('Сумма с НДС').inputValue(), '13', 'a file that cannot be added up changes nothing');
  await dialog.getByLabel('Документ файлом').setInputFiles(book('Дата;Услуга;Сумма, руб.\n01.09.2026;Серверы;1 320,30\n02.09.2026;Диски;2,70\n'));
  await dialog.getByText('2 строки, итого').waitFor();
  assert.equal(await dialog.getByLabel('Сумма с НДС').inputValue(), '1323');
  await dialog.getByLabel('Сумма с НДС').fill('1 320,30');
  await dialog.getByLabel('Ставка НДС').fill('20');
  await dialog.getByLabel('Номер').fill('А-17');
  await dialog.getByLabel('Дата документа').fill('2026-09-30');
  await dialog.getByRole('button', { name: 'Сохранить' }).click();
  await dialog.waitFor({ state: 'detached' });
  await row.locator('.items').waitFor();
  const text = plain(await row.textContent());
  for (const part of ['1 000,25 ₽', '1 320,30 ₽', '320,05 ₽', '220,05 ₽', '100,00 ₽', 'не объяснено', 'предположение', '№ А-17 от 30 сентября', 'НДС 20 %', 'скидки и гранты −10,00 ₽', 'Цена 2 строк']) {
    assert.ok(text.includes(part), `no "${part}" in: ${text}`);
  }
  const shown = await row.locator('.items data').evaluateAll((all) => all.map((d) => Number(d.value)));
  assert.equal(Math.round(shown.slice(0, -1).reduce((a, b) => a + b, 0) * 100), Math.round(shown.at(-1) * 100), 'the items add up to the difference');
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Скачать CSV' }).click()]);
  assert.match(fs.readFileSync(await file.path(), 'utf8'), /1320\.30/);
  await row.getByRole('button', { name: 'Изменить' }).click();
  assert.equal(await dialog.getByLabel('Номер').inputValue(), 'А-17');
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/closing-form.png` });
  await dialog.getByRole('button', { name: 'Удалить документ' }).click();
  await dialog.waitFor({ state: 'detached' });
  await row.getByText('нет документа').first().waitFor();
});

async function checkPages(list) {
  const found = [];
  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    for (const to of list) {
      for (const width of [360, 768, 1440]) {
        await page.setViewportSize({ width, height: 800 });
        await open(to);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(over <= 0, `${to} is ${over} px too wide at ${width}`);
      }
      await page.evaluate(axeSource);
      const result = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa'] }));
      found.push(...result.violations.map((v) => `${scheme} ${to}: ${v.id} ${v.nodes[0].html}`));
      if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/${scheme}${to.replaceAll('/', '-')}.png`, fullPage: true });
    }
  }
  assert.deepEqual(found, []);
}

test('the pages fit a phone, and axe finds nothing', async () => {
  const [one, two] = fake.world.connections;
  fake.world.closings = [one, two].map((c, i) => ({
    connection_id: c.id, billing_account: '', month: '2026-10', number: 'А-1', issued_on: '2026-10-31', total: i ? '1000.25' : '1320.30', currency: 'RUB', vat_rate: i ? null : '20', prices_include_vat: null, note: '', updated_at: null,
  }));
  await checkPages(['/runway', '/reconciliation']);
});

test('the browser complained of nothing', () => assert.deepEqual(complaints, []));
