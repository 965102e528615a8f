/** What webhooks are told, and that Alertmanager is told again of what still fires. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { alertmanagerNotification, plainNotification } from '../../src/incidents/notification.ts'
import { Notifier } from '../../src/incidents/notifier.ts'
import { settles } from '../support/measure.ts'

const SENDER = { instance: 'host-1', labels: { team: 'search' }, link: 'http://host-1:9090' }
const STARTS_AT = Date.UTC(2026, 10, 21, 3)
const ALERT = { name: 'Down', severity: 'critical', upstream: 'a b', summary: 'down for 2 min', startsAt: STARTS_AT }

test('one object says what changed', () => {
  const common = {
    alert: 'Down',
    severity: 'critical',
    upstream: 'a b',
    summary: 'down for 2 min',
    instance: 'host-1',
    labels: { team: 'search' },
    started_at: '2026-11-21T03:00:00.000Z',
  }
  const link = 'http://host-1:9090/errors?upstream=a%20b'
  assert.deepEqual(JSON.parse(plainNotification(ALERT, SENDER)), { status: 'firing', ...common, link })
  const resolved = { ...ALERT, endsAt: STARTS_AT + 1000 }
  assert.deepEqual(JSON.parse(plainNotification(resolved, SENDER)), {
    status: 'resolved',
    ...common,
    ended_at: '2026-11-21T03:00:01.000Z',
    link,
  })
})

test("Alertmanager's list has labels that stay the same when the alert is resolved", () => {
  const [firing] = JSON.parse(alertmanagerNotification([ALERT], SENDER, STARTS_AT, 240_000))
  const [resolved] = JSON.parse(
    alertmanagerNotification([{ ...ALERT, endsAt: STARTS_AT + 1000 }], SENDER, STARTS_AT + 1000, 240_000),
  )
  assert.deepEqual(firing, {
    labels: {
      alertname: 'Down',
      severity: 'critical',
      upstream: 'a b',
      job: 'sidelight',
      instance: 'host-1',
      team: 'search',
    },
    annotations: { summary: 'a b: down for 2 min' },
    startsAt: '2026-11-21T03:00:00.000Z',
    endsAt: '2026-11-21T03:04:00.000Z',
    generatorURL: 'http://host-1:9090/errors?upstream=a%20b',
  })
  assert.deepEqual(resolved.labels, firing.labels)
  assert.equal(resolved.endsAt, '2026-11-21T03:00:01.000Z')
})

test('Alertmanager is told of what fires every minute, and others only of changes', async (t) => {
  for (const format of ['alertmanager', 'json'] as const) {
    const bodies: unknown[] = []
    const server = createServer(async (request, response) => {
      let body = ''
      for await (const piece of request.setEncoding('utf8')) body += piece
      bodies.push(JSON.parse(body))
      response.end()
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    t.after(() => server.close())
    const clock = { at: STARTS_AT }
    let sent = 0
    const notifier = new Notifier({
      urls: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`],
      format,
      headers: {},
      timeout: 5_000,
      retries: 0,
      sender: SENDER,
      now: () => clock.at,
      onDelivery: () => sent++,
      onFailure: (why) => assert.fail(why),
    })
    t.after(() => notifier.close())
    notifier.tick([])
    notifier.changed(ALERT)
    await settles(() => sent === 1)
    for (let second = 0; second < 130; second++) {
      clock.at += 1_000
      notifier.tick([ALERT])
      const due = format === 'json' ? 1 : 1 + Math.floor((second + 1) / 60)
      await settles(() => sent === due)
    }
    assert.equal(bodies.length, format === 'json' ? 1 : 3)
    assert.equal(Array.isArray(bodies[0]), format === 'alertmanager')
  }
})
