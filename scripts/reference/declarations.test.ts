import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readDeclarations, readExports } from './declarations.ts'

const text = `import type { A } from './a.ts';
/** Not a doc comment of anything: a statement without a name follows. */
export {};
/**
 * One thing; with a semicolon
 * and a second line.
 */
export interface One<T extends { readonly a: string; }> extends A {
    /** A member with 'quotes; and' braces {. */
    readonly first?: import("./a.ts").Second<T>;
    'a-b': string;
    call(options?: { readonly deep: number; }): Promise<void>;
    (bare: string): void;
    [field: string]: unknown;
    readonly inner: {
        /** Deep. */
        readonly deep: "x;y";
    };
}
export declare const table: {
    /** An entry. */
    readonly list: 'GET /claims';
};
/** A function. */
export declare function f(a: string): { b: string; };
export declare class C extends Error {
    #private;
    constructor(code: string);
    get good(): boolean;
}
declare const hidden = 5;
export type Word = 'a' | "b;{";
`

test('declarations are read with their doc comments', () => {
  const found = readDeclarations(text)
  assert.deepEqual(
    found.map(({ name, doc }) => [name, doc]),
    [
      ['One', 'One thing; with a semicolon\nand a second line.'],
      ['table', ''],
      ['f', 'A function.'],
      ['C', ''],
      ['hidden', ''],
      ['Word', ''],
    ],
  )
  assert.equal(found.at(-1)?.text, `type Word = 'a' | "b;{"`)
})

test('members are read at every depth, by their names', () => {
  const [one, table, , c] = readDeclarations(text)
  assert.deepEqual(
    one?.members.map(({ name, doc, type }) => [name, doc, type]),
    [
      ['first', "A member with 'quotes; and' braces {.", 'Second<T>'],
      ['a-b', '', 'string'],
      ['call', '', '(options?: { readonly deep: number; }): Promise<void>'],
      ['inner', '', '{\n        /** Deep. */\n        readonly deep: "x;y";\n    }'],
    ],
  )
  assert.deepEqual(one?.members.at(-1)?.members[0], { name: 'deep', doc: 'Deep.', type: '"x;y"', members: [] })
  assert.equal(table?.members[0]?.type, "'GET /claims'")
  assert.deepEqual(
    c?.members.map(({ name }) => name),
    ['constructor', 'good'],
  )
})

test('exports are read from lists of names', () => {
  const index = "export { type A, b, } from './a.ts';\nexport type { C } from './c.ts';\n"
  assert.deepEqual(readExports(index), [
    { name: 'A', from: './a.ts' },
    { name: 'b', from: './a.ts' },
    { name: 'C', from: './c.ts' },
  ])
})
