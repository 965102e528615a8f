/** What the examples for log shippers expect of a log line, and of the file it is in, is so. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { matchesGlob } from 'node:path'
import { describe, it } from 'node:test'
import { parse } from 'yaml'
import { gatewayProcess } from '../support/gateway.ts'
import { ROOT } from './rules.ts'

const read = (name: string) => parse(readFileSync(`${ROOT}deploy/logs/${name}`, 'utf8'))
const filebeat = read('filebeat.yml')['filebeat.inputs'][0]
const fluentBit = read('fluent-bit.yaml')
const vector = read('vector.yaml')

describe('log shippers', () => {
  it('look for the container that the examples for Kubernetes have', () => {
    for (const [example, list] of [
      ['sidecar', 'initContainers'],
      ['gateway', 'containers'],
    ] as const) {
      const { spec } = parse(readFileSync(`${ROOT}deploy/kubernetes/${example}/deployment.yaml`, 'utf8'))
      assert.deepEqual(
        spec.template.spec[list].map(({ name }: { name: string }) => name),
        ['sidelight'],
      )
    }
    const [tail] = fluentBit.pipeline.inputs
    for (const glob of [...filebeat.paths, tail.path]) {
      assert.ok(matchesGlob(`/var/log/containers/search-6f7c-x2_tools_sidelight-${'0'.repeat(64)}.log`, glob))
      assert.ok(!matchesGlob(`/var/log/containers/sidelight-6f7c-x2_tools_search-${'0'.repeat(64)}.log`, glob))
    }
    assert.match(vector.transforms.sidelight.condition, /container_name == "sidelight"/)
  })

  it('read the time and the text from where they stand in a line', async () => {
    const started = await gatewayProcess([])
    const [line] = started.log
    await started.close()
    const time = String(line?.time)
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

    const [timestamp, drop, rename] = filebeat.processors
    assert.deepEqual(
      [timestamp.timestamp.field, drop.drop_fields.fields, rename.rename.fields[0].from],
      ['time', ['time'], 'msg'],
    )
    assert.equal(timestamp.timestamp.test[0].length, time.length)
    const [{ name, time_key, time_format }] = fluentBit.parsers
    assert.deepEqual([name, time_key, time_format], ['sidelight', 'time', '%Y-%m-%dT%H:%M:%S.%L%z'])
    assert.equal(fluentBit.pipeline.filters.find((filter: { name: string }) => filter.name === 'parser').parser, name)
    assert.match(vector.transforms.fields.source, /del\(\.msg\)[\s\S]*del\(\.time\)/)
    assert.ok(typeof line?.msg === 'string')
  })
})
