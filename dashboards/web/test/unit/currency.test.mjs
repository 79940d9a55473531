import test from 'node:test';
import assert from 'node:assert/strict';
import { offered, readCurrency, writeCurrency } from '../../src/state/currency.ts';

test('the currency of an address is the organisation’s unless the address says otherwise', () => {
  const read = (text) => readCurrency(new URLSearchParams(text), 'RUB');
  assert.equal(read(''), 'RUB');
  assert.equal(read('currency=USD'), 'USD');
  assert.equal(read('currency=own'), '');
  assert.equal(read('currency=usd'), 'RUB');
  assert.equal(read('currency=<b>'), 'RUB');
  for (const c of ['RUB', 'USD', '']) assert.equal(read('currency=' + writeCurrency(c, 'RUB')), c);
});

test('the organisation’s currency is offered first, and the chosen one too', () => {
  assert.deepEqual(offered('RUB', ''), ['RUB', 'USD', 'EUR']);
  assert.deepEqual(offered('KZT', 'CNY'), ['KZT', 'RUB', 'USD', 'EUR', 'CNY']);
});
