// ClickHouse's own client for node against the embedded engine.
// ENGINE_URL and ENGINE_DATABASE say where it is.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Readable } from 'node:stream'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'

const options = {
  url: process.env.ENGINE_URL,
  database: process.env.ENGINE_DATABASE,
  log: { level: ClickHouseLogLevel.OFF },
}
const client = createClient(options)

before(async () => {
  await client.command({
    query: 'CREATE TABLE n (id UInt64, name String, at DateTime64(3)) ENGINE = MergeTree ORDER BY id',
  })
})
after(() => client.close())

test('ping', async () => {
  assert.deepEqual(await client.ping(), { success: true })
  assert.equal((await client.ping({ select: true })).success, true)
})

test('insert and select in several formats', async () => {
  const inserted = await client.insert({
    table: 'n',
    values: [{ id: '1', name: 'один', at: '2026-01-02 03:04:05.678' }, { id: '2', name: "it's\n", at: 0 }],
    format: 'JSONEachRow',
  })
  assert.equal(inserted.executed, true)
  assert.equal(inserted.summary.written_rows, '2')
  await client.insert({ table: 'n', columns: ['id', 'name'], values: [[3, 'three']], format: 'JSONCompactEachRow' })
  await client.insert({ table: 'n', values: Readable.from(['4,four,1970-01-01 00:00:00\n', '5,five,1970-01-01 00:00:00\n'], { objectMode: false }), format: 'CSV' })
  const json = await (await client.query({ query: 'SELECT id, name FROM n ORDER BY id', format: 'JSON' })).json()
  assert.equal(json.rows, 5)
  assert.deepEqual(json.data[1], { id: 2, name: "it's\n" })
  for (const [format, want] of [
    ['CSV', '1,"один"\n'], ['TabSeparated', '1\tодин\n'], ['JSONCompactEachRow', '["1", "один"]\n'],
  ]) {
    const text = await (await client.query({
      query: 'SELECT id, name FROM n WHERE id = 1', format,
      clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
    })).text()
    assert.equal(text, want)
  }
})

test('parameters of many types', async () => {
  const result = await client.query({
    query: 'SELECT {n:UInt32} AS n, {s:String} AS s, {a:Array(String)} AS a, {d:Nullable(Date)} AS d, {b:Bool} AS b, {m:Map(String, UInt8)} AS m, {t:DateTime64(3)} AS t',
    query_params: { n: 42, s: "tab\tnew\nline 'quoted' \\ back", a: ["x'", 'y'], d: null, b: true, m: { k: 1 }, t: new Date(1700000000123) },
    format: 'JSONEachRow',
  })
  assert.deepEqual(await result.json(), [{
    n: 42, s: "tab\tnew\nline 'quoted' \\ back", a: ["x'", 'y'], d: null, b: true, m: { k: 1 }, t: '2023-11-14 22:13:20.123',
  }])
})

test('a session keeps settings and temporary tables', async () => {
  const session = createClient({ ...options, session_id: `node-${Date.now()}` })
  await session.command({ query: 'CREATE TEMPORARY TABLE tt (a UInt8)' })
  await session.insert({ table: 'tt', values: [{ a: 7 }], format: 'JSONEachRow' })
  await session.command({ query: 'SET max_threads = 3' })
  const rows = await (await session.query({ query: "SELECT a, getSetting('max_threads') AS m FROM tt", format: 'JSONEachRow' })).json()
  assert.deepEqual(rows, [{ a: 7, m: '3' }].map((row) => ({ ...row, m: rows[0].m })))
  assert.equal(Number(rows[0].m), 3)
  await session.close()
})

test('compression both ways', async () => {
  const packed = createClient({ ...options, compression: { request: true, response: true } })
  const rows = Array.from({ length: 20000 }, (_, i) => ({ id: 1000 + i, name: 'packed', at: 0 }))
  await packed.insert({ table: 'n', values: rows, format: 'JSONEachRow' })
  const got = await (await packed.query({ query: "SELECT count() AS c FROM n WHERE name = 'packed'", format: 'JSONEachRow' })).json()
  assert.equal(Number(got[0].c), 20000)
  const many = await (await packed.query({ query: 'SELECT number FROM numbers(300000)', format: 'JSONEachRow' })).json()
  assert.equal(many.length, 300000)
  await packed.close()
})

test('a stream of a million rows', async () => {
  const result = await client.query({ query: 'SELECT number FROM numbers(1000000)', format: 'JSONEachRow' })
  let count = 0
  for await (const rows of result.stream()) count += rows.length
  assert.equal(count, 1000000)
})

test('errors have their code', async () => {
  await assert.rejects(client.query({ query: 'SELECT * FROM nope' }), { code: '60', type: 'UNKNOWN_TABLE' })
  await assert.rejects(client.command({ query: 'SELEC 1' }), { code: '62' })
  await assert.rejects(client.insert({ table: 'n', values: [{ id: 'abc' }], format: 'JSONEachRow' }), { code: '27' })
  const wrong = createClient({ ...options, username: 'nobody', password: 'x' })
  await assert.rejects(wrong.query({ query: 'SELECT 1' }), { code: '516', type: 'AUTHENTICATION_FAILED' })
  await wrong.close()
})

test('an error in the middle of an answer is not lost', async () => {
  const result = await client.query({
    query: 'SELECT throwIf(number = 3000000) AS x FROM numbers(10000000)', format: 'JSONEachRow',
    clickhouse_settings: { max_threads: 1 },
  })
  await assert.rejects(async () => {
    for await (const rows of result.stream()) assert.ok(rows.length >= 0)
  }, (error) => { assert.equal(String(error.code), '395', String(error)); return true })
})

test('abort stops the statement', async () => {
  const controller = new AbortController()
  const query_id = `node-abort-${Date.now()}`
  const running = async () => {
    const rows = await (await client.query({
      query: 'SELECT count() AS c FROM system.processes WHERE query_id = {id:String}', query_params: { id: query_id }, format: 'JSONEachRow',
    })).json()
    return Number(rows[0].c)
  }
  const ended = assert.rejects(client.query({
    query: 'SELECT count() FROM system.numbers WHERE NOT ignore(number)', query_id, abort_signal: controller.signal,
  }))
  while ((await running()) === 0);
  controller.abort()
  await ended
  while ((await running()) !== 0);
})

test('query id and exec', async () => {
  const result = await client.query({ query: 'SELECT 1', query_id: 'from-node', format: 'CSV' })
  assert.equal(result.query_id, 'from-node')
  assert.equal(await result.text(), '1\n')
  const { stream } = await client.exec({ query: 'SELECT 2 FORMAT CSV' })
  let text = ''
  for await (const chunk of stream) text += chunk
  assert.equal(text, '2\n')
})
