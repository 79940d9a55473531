import test from 'node:test';
import assert from 'node:assert/strict';
import * as decimal from '../../src/format/decimal.ts';
import { money, change, share, digits, shortMoney } from '../../src/format/money.ts';
import { plural } from '../../src/format/plural.ts';
import { bytes, metric, percent } from '../../src/format/number.ts';
import { ago, day, moment, known } from '../../src/format/time.ts';

const nb = '\u00a0';

test('decimals add without a float', () => {
  assert.equal(decimal.add('0.1', '0.2'), '0.3');
  assert.equal(decimal.sum(['99999999999999999999.000000000000000001', '0.999999999999999999']), '100000000000000000000');
  assert.equal(decimal.subtract('1', '1.000000000000000001'), '-0.000000000000000001');
  assert.equal(decimal.compare('10', '9.99'), 1);
  assert.equal(decimal.parse('1e5'), null);
  assert.equal(decimal.parse(''), null);
});

test('decimals round half away from zero', () => {
  assert.equal(decimal.round('2.345', 2), '2.35');
  assert.equal(decimal.round('-2.345', 2), '-2.35');
  assert.equal(decimal.round('999.995', 2), '1000.00');
  assert.equal(decimal.round('0.004', 2), '0.00');
  assert.equal(decimal.round('1234.5', 0), '1235');
});

test('money in Russian', () => {
  assert.equal(money('117150', 'RUB', 'ru'), `117${nb}150,00${nb}₽`);
  assert.equal(money('117150.49', 'RUB', 'ru', 'whole'), `117${nb}150${nb}₽`);
  assert.equal(money('999.5', 'RUB', 'ru', 'whole'), `999,50${nb}₽`);
  assert.equal(money('-1234567.891', 'RUB', 'ru'), `\u22121${nb}234${nb}567,89${nb}₽`);
  assert.equal(money('20.52', 'USD', 'ru'), `20,52${nb}$`);
  assert.equal(money('1', 'XYZ', 'ru'), `1,00${nb}XYZ`);
  assert.equal(money('0', 'RUB', 'ru'), `0${nb}₽`);
  assert.equal(money('9007199254740993.01', 'RUB', 'ru'), `9${nb}007${nb}199${nb}254${nb}740${nb}993,01${nb}₽`);
});

test('a small cost does not read as nothing', () => {
  assert.equal(money('0.00034', 'USD', 'ru'), `0,00034${nb}$`);
  assert.equal(money('0.0000012345', 'USD', 'ru'), `0,0000012${nb}$`);
  assert.equal(money('-0.0034', 'USD', 'ru'), `\u22120,0034${nb}$`);
  assert.equal(money('0.009', 'USD', 'en'), '$0.009');
});

test('money in English', () => {
  assert.equal(money('117150.5', 'RUB', 'en'), '₽117,150.50');
  assert.equal(money('-5', 'USD', 'en'), '\u2212$5.00');
  assert.equal(money('5', 'CHF', 'en'), `CHF${nb}5.00`);
  assert.equal(digits('1234.5', 'en'), '1,234.5');
});

test('axis labels are short', () => {
  assert.equal(shortMoney(1234567, 'RUB', 'ru'), `1,23${nb}млн${nb}₽`);
  assert.equal(shortMoney(500, 'USD', 'en'), '$500');
});

test('changes and shares', () => {
  assert.deepEqual(change('112.5', '100', 'ru'), { text: `+12,5${nb}%`, direction: 1 });
  assert.deepEqual(change('87.5', '100', 'en'), { text: '\u221212.5%', direction: -1 });
  assert.deepEqual(change('100', '100', 'ru'), { text: `0${nb}%`, direction: 0 });
  assert.deepEqual(change('-50', '-100', 'ru'), { text: `+50${nb}%`, direction: 1 });
  assert.equal(change('5', '0', 'ru'), null);
  assert.equal(share('1', '3', 'ru'), `33,3${nb}%`);
  assert.equal(share('1', '0', 'ru'), '–');
});

test('Russian nouns after numbers', () => {
  const forms = { one: 'ресурс', few: 'ресурса', many: 'ресурсов' };
  const words = [0, 1, 2, 5, 11, 12, 21, 22, 25, 101, 111, 1001].map((n) => plural(n, forms, 'ru').replaceAll(nb, ' '));
  assert.deepEqual(words, [
    '0 ресурсов', '1 ресурс', '2 ресурса', '5 ресурсов', '11 ресурсов', '12 ресурсов', '21 ресурс', '22 ресурса', '25 ресурсов', '101 ресурс', '111 ресурсов', '1 001 ресурс',
  ]);
  assert.equal(plural(2, { one: 'resource', many: 'resources' }, 'en'), `2${nb}resources`);
});

test('sizes and measurements', () => {
  assert.equal(bytes(0, 'ru'), `0${nb}Б`);
  assert.equal(bytes(1536, 'ru'), `1,5${nb}КБ`);
  assert.equal(bytes(34359738368, 'en'), `32${nb}GB`);
  assert.equal(metric('network_receive_bytes_per_second', 2048, 'ru'), `2${nb}КБ/с`);
  assert.equal(percent(67.34, 'ru'), `67${nb}%`);
  assert.equal(percent(6.73, 'en'), '6.7%');
});

test('times in the tenant zone', () => {
  const now = Date.parse('2026-11-23T09:05:00Z');
  assert.equal(moment(now, 'ru', 'Europe/Moscow', now), '12:05');
  assert.equal(moment(Date.parse('2026-11-22T21:30:00Z'), 'ru', 'Europe/Moscow', now), '00:30');
  assert.equal(moment(Date.parse('2026-11-22T20:30:00Z'), 'ru', 'Europe/Moscow', now), `22${nb}ноября, 23:30`);
  assert.equal(day(Date.parse('2025-03-05T09:00:00Z'), 'ru', 'Europe/Moscow', now), `5${nb}марта${nb}2025`);
  assert.equal(ago(now - 5 * 60_000, 'ru', now), `5${nb}минут назад`);
  assert.equal(ago(now - 3 * 3_600_000, 'ru', now), `3${nb}часа назад`);
  assert.equal(ago(now - 72 * 3_600_000, 'en', now), `3${nb}days ago`);
  assert.equal(known('0001-01-01T00:00:00Z'), false);
  assert.equal(known(null), false);
  assert.equal(known('2026-01-01T00:00:00Z'), true);
});
