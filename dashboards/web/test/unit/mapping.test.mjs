import test from 'node:test';
import assert from 'node:assert/strict';
import { compareTotal, conditionOf, readAmount, readMapping, withRole, withTagKey, writeMapping } from '../../src/state/mapping.ts';

test('an amount is read as people write it', () => {
  for (const [text, want] of [
    ['117 150,50 ₽', '117150.50'], ['117\u00a0150,50', '117150.50'], ['117,150.50', '117150.50'], ['117.150,50', '117150.50'], ['117150', '117150'],
    ['1,234', '1234'], ['1,23', '1.23'], ['0,125', '0.125'], ['1.6823086974', '1.6823086974'], ['1.234.567', '1234567'], ['−12,5 руб.', '-12.5'], ['(12.50)', '-12.50'],
    ['$5', '5'], ['5 RUB', '5'], [',5', '0.5'], ['', null], ['abc', null], ['1-2', null], ['1,2,3.4.5', null], ['-', null],
  ]) assert.equal(readAmount(text), want, text);
});

test('a total is compared to the kopeck, and what may be behind a difference is told', () => {
  const p = (cost, more = {}) => ({ totals: [{ currency: 'RUB', cost }], unpriced: 0, left_out: [], ...more });
  assert.deepEqual(compareTotal(p('1235.0049'), '1235.00'), { agrees: true, difference: '0', reasons: [] });
  assert.equal(compareTotal(p('1235.005'), '1235').difference, '0.01');
  assert.deepEqual(compareTotal(p('100', { left_out: [{ totals: [{ currency: 'RUB', cost: '35.5' }] }] }), '135.50').reasons, ['left']);
  assert.deepEqual(compareTotal(p('100', { unpriced: 2 }), '130').reasons, ['unpriced']);
  assert.deepEqual(compareTotal(p('100'), '120').reasons, ['tax']);
  assert.deepEqual(compareTotal(p('120'), '100').reasons, ['tax']);
  assert.equal(compareTotal({ totals: [], unpriced: 0, left_out: [] }, '1'), null);
});

test('a column has one role, and a role one column', () => {
  const m = { version: 1, columns: { start: 'Дата', cost: 'Сумма' }, tags: [{ column: 'env', key: 'env' }] };
  assert.deepEqual(withRole(m, 'Цена', 'cost').columns, { start: 'Дата', cost: 'Цена' });
  assert.deepEqual(withRole(m, 'сумма', '').columns, { start: 'Дата' });
  assert.deepEqual(withRole(m, 'Сумма', 'tag'), { version: 1, columns: { start: 'Дата' }, tags: [{ column: 'env', key: 'env' }, { column: 'Сумма', key: 'Сумма' }] });
  assert.deepEqual(withRole(m, 'env', 'service'), { version: 1, columns: { start: 'Дата', cost: 'Сумма', service: 'env' }, tags: [] });
  assert.deepEqual(withTagKey(m, 'env', '').tags, [{ column: 'env' }]);
  assert.deepEqual(withTagKey(m, 'env', 'среда').tags, [{ column: 'env', key: 'среда' }]);
});

test('a mapping is kept without what is empty, and read again', () => {
  const m = { version: 1, period: '', end_inclusive: false, header_row: 0, tags: [], columns: {}, leave_out: [{ column: 'a', prefix: 'Итого' }] };
  assert.equal(writeMapping(m), '{"version":1,"columns":{},"leave_out":[{"column":"a","prefix":"Итого"}]}');
  assert.deepEqual(readMapping(writeMapping(m)), { version: 1, columns: {}, leave_out: [{ column: 'a', prefix: 'Итого' }] });
  for (const bad of ['', '{', 'null', '1', '{"columns":1}']) assert.equal(readMapping(bad), null, bad);
  assert.deepEqual([{ column: 'a', empty: true }, { column: 'a', contains: 'x' }].map(conditionOf), [{ how: 'empty', value: '' }, { how: 'contains', value: 'x' }]);
});
