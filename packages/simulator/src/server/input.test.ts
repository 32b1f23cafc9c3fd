import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReplyError } from '../route.ts'
import { parseInput } from './input.ts'

test('names are found in any case, wherever they were sent', () => {
  const input = parseInput('DepartmentID=162', 'PATIENTID=7')
  assert.equal(input.text('departmentid'), '162')
  assert.equal(input.text('patientid'), '7')
})

const arrays = {
  'repeated parameters': 'departmentid=1&departmentid=2&departmentid=3',
  'one comma-separated parameter': 'departmentid=1,2,%203',
  'indexed parameters': 'departmentid[0]=1&departmentid%5B1%5D=2&departmentid[2]=3',
  'empty brackets': 'departmentid[]=1&departmentid[]=2&departmentid[]=3',
}
for (const [form, query] of Object.entries(arrays)) {
  test(`an array arrives whole as ${form}`, () => {
    assert.deepEqual(parseInput(query).list('departmentid'), ['1', '2', '3'])
  })
}

test('plus signs and percent escapes are decoded, broken escapes are kept', () => {
  const input = parseInput('a=O%27Hara+Jones&b=100%&c=2%2B2')
  assert.equal(input.text('a'), "O'Hara Jones")
  assert.equal(input.text('b'), '100%')
  assert.equal(input.text('c'), '2+2')
})

test('an empty field counts as absent for text and lists', () => {
  const input = parseInput('a=&b=x', 'a=&=nameless')
  assert.equal(input.text('a'), undefined)
  assert.deepEqual(input.list('a'), [])
  assert.deepEqual(input.entries, [
    ['a', ''],
    ['b', 'x'],
    ['a', ''],
  ])
})

test('true, t, yes, y and 1 are true in any case, everything else that is sent is false', () => {
  for (const text of ['true', 'True', 't', 'YES', 'y', '1']) assert.equal(parseInput(`f=${text}`).flag('f'), true, text)
  for (const text of ['false', 'N', '0', 'maybe']) assert.equal(parseInput(`f=${text}`).flag('f', true), false, text)
  assert.equal(parseInput('').flag('f', true), true)
  assert.equal(parseInput('').flag('f'), false)
})

test('what is not an integer is refused with the recorded body', () => {
  assert.equal(parseInput('limit=12').integer('limit'), 12)
  assert.equal(parseInput('').integer('limit'), undefined)
  for (const value of ['', 'ten', '1.5', '1e3']) {
    assert.throws(
      () => parseInput(`limit=${value}`).integer('limit'),
      (error) => {
        assert.ok(error instanceof ReplyError)
        assert.deepEqual(error.reply, {
          status: 400,
          body: {
            detailedmessage: `Expecting type integer, but value is ${value}`,
            error: 'The data provided is invalid.',
          },
        })
        return true
      },
    )
  }
})
