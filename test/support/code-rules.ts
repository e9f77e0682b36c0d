import { type Node, SyntaxKind } from 'typescript/unstable/ast';
import {
  isArrowFunction,
  isAwaitExpression,
  isCallExpression,
  isCaseBlock,
  isCatchClause,
  isClassDeclaration,
  isClassExpression,
  isDefaultClause,
  isFunctionDeclaration,
  isFunctionExpression,
  isFunctionLikeDeclaration,
  isIdentifier,
  isNewExpression,
  isPropertyAccessExpression,
  isShorthandPropertyAssignment,
  isSwitchStatement,
  isTypeOfExpression,
} from 'typescript/unstable/ast/is';
import { TypeFlags } from 'typescript/unstable/sync';
import type { Finding } from './import-rules.ts';
import { lastLineOf, lineOf, nodesOf, type Source } from './sources.ts';

const FILE_LINES = 300;
const FUNCTION_LINES = 50;
const EMPTY_NAMES = /^(?:utils?|common|helpers?|types?|managers?)$/;

/** Time, chance, timers and the network, as globals of the language; `process.kill` ends processes. */
const WORLD = ['setTimeout', 'setInterval', 'setImmediate', 'performance', 'fetch', 'WebSocket', 'crypto', 'globalThis', 'require'];
const WORLD_CALLS = ['Date.now', 'Math.random', 'process.kill', 'process.hrtime', 'process.getBuiltinModule'];
/** What a pure rule does not know of at all. */
const PROGRAM = ['process', 'console', 'queueMicrotask'];

function eachNode(sources: readonly Source[], instead: string, judge: (node: Node, source: Source) => string | undefined): Finding[] {
  return sources.flatMap((source) =>
    nodesOf(source).flatMap((node) => {
      const found = judge(node, source);
      return found === undefined ? [] : [{ path: source.path, line: lineOf(source, node), found, instead }];
    }),
  );
}

export function impureCore(sources: readonly Source[]): Finding[] {
  const core = sources.filter(({ path }) => path.startsWith('lib/core/'));
  const instead = 'make the time, the number or the answer a parameter; whatever waits or acts belongs behind a port';
  return eachNode(core, instead, (node) => waiting(node) ?? worldOf(node) ?? (isReferenceTo(node, PROGRAM) ? `core uses ${node.getText()}` : undefined));
}

export function worldOutsidePlatform(sources: readonly Source[]): Finding[] {
  const others = sources.filter(({ path }) => !path.startsWith('lib/platform/') && !path.startsWith('lib/core/'));
  return eachNode(others, 'take it from a port (Clock, Ids, Processes); only lib/platform implements them', (node) => worldOf(node));
}

function waiting(node: Node): string | undefined {
  if (isAwaitExpression(node) || node.kind === SyntaxKind.AwaitKeyword) return 'core awaits';
  return node.kind === SyntaxKind.AsyncKeyword ? 'core has an async function' : undefined;
}

function worldOf(node: Node): string | undefined {
  if (isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0) return 'asks the clock with new Date()';
  if (isCallExpression(node) && node.expression.getText() === 'Date') return 'asks the clock with Date()';
  if (isPropertyAccessExpression(node) && WORLD_CALLS.includes(node.getText())) return `uses ${node.getText()}`;
  return isReferenceTo(node, WORLD) ? `uses ${node.getText()}` : undefined;
}

/** A bare use of the name; not a property, a key or a declaration that is called so. */
function isReferenceTo(node: Node, names: readonly string[]): boolean {
  if (!isIdentifier(node) || !names.includes(node.text)) return false;
  const parent = node.parent as Node & { readonly name?: Node; readonly propertyName?: Node };
  return isShorthandPropertyAssignment(parent) || (parent.name !== node && parent.propertyName !== node);
}

export function longFiles(sources: readonly Source[]): Finding[] {
  const instead = 'a file is one noun; move the second one into a file of its own';
  return sources.flatMap(({ path, text }) => {
    const lines = text.replace(/\n$/, '').split('\n').length;
    return lines <= FILE_LINES ? [] : [{ path, line: FILE_LINES + 1, found: `${lines} lines, more than ${FILE_LINES}`, instead }];
  });
}

/** A factory is as long as what it says itself: the functions that it ties together are measured each for itself. */
export function longFunctions(sources: readonly Source[]): Finding[] {
  return eachNode(sources, 'keep the branching, and move each step into a function of its own', (node, source) => {
    if (!isFunctionLikeDeclaration(node)) return undefined;
    const lines = linesOf(source, node) - nestedFunctions(node).reduce((sum, inner) => sum + linesOf(source, inner) - 1, 0);
    return lines <= FUNCTION_LINES ? undefined : `${nameOf(node)} has ${lines} lines of its own, more than ${FUNCTION_LINES}`;
  });
}

const linesOf = (source: Source, node: Node): number => lastLineOf(source, node) - lineOf(source, node) + 1;

/** The outermost functions inside a function. */
function nestedFunctions(node: Node): readonly Node[] {
  const found: Node[] = [];
  const look = (child: Node): void => {
    if (isFunctionLikeDeclaration(child)) found.push(child);
    else child.forEachChild((grandchild) => void look(grandchild));
  };
  node.forEachChild((child) => void look(child));
  return found;
}

function nameOf(node: Node): string {
  const named = [node, node.parent] as readonly { readonly name?: Node }[];
  return named.find(({ name }) => name !== undefined && isIdentifier(name))?.name?.getText() ?? 'a function';
}

export function classes(sources: readonly Source[]): Finding[] {
  return eachNode(sources, 'write createX(deps) that returns an object', (node, { path }) => {
    if (!isClassDeclaration(node) && !isClassExpression(node)) return undefined;
    const name = node.name?.text ?? 'without a name';
    return name === 'CadenceError' && path === 'lib/core/error.ts' ? undefined : `class ${name}`;
  });
}

/** With a `default`, a variant that is added later is handled by chance, and the compiler keeps quiet. */
export function defaultsOverUnions(sources: readonly Source[]): Finding[] {
  return eachNode(sources, 'name every variant, so that the compiler shows the place when one is added', (node, { checker }) => {
    if (!isDefaultClause(node) || !isCaseBlock(node.parent) || !isSwitchStatement(node.parent.parent)) return undefined;
    const { expression } = node.parent.parent;
    const type = checker.getTypeAtLocation(expression);
    if (type === undefined || isTypeOfExpression(expression) || !type.isUnionType()) return undefined;
    const isClosed = type.getTypes().every(({ flags }) => (flags & (TypeFlags.Literal | TypeFlags.Undefined | TypeFlags.Null)) !== 0);
    return isClosed ? `a default where ${expression.getText()} has a closed set of values` : undefined;
  });
}

export function emptyNames(sources: readonly Source[]): Finding[] {
  return sources.flatMap(({ path }) => {
    const word = path
      .replace(/\.ts$/, '')
      .split(/[/\-_.]/)
      .find((part) => EMPTY_NAMES.test(part));
    return word === undefined ? [] : [{ path, line: 1, found: `"${word}" says nothing`, instead: 'name the file by the noun it holds' }];
  });
}

export function emptyCatches(sources: readonly Source[]): Finding[] {
  return eachNode(sources, 'name the one error you expect by its code, and throw the rest again', (node) => {
    if (isCatchClause(node)) return node.block.statements.length === 0 ? 'an empty catch' : undefined;
    if (!isCallExpression(node) || !isPropertyAccessExpression(node.expression)) return undefined;
    const handler = node.arguments[['catch', 'then'].indexOf(node.expression.name.text)];
    return handler !== undefined && doesNothing(handler) ? `a rejection that nobody sees: .${node.expression.name.text}(${handler.getText()})` : undefined;
  });
}

function doesNothing(handler: Node): boolean {
  if (!isArrowFunction(handler) && !isFunctionExpression(handler) && !isFunctionDeclaration(handler)) return false;
  const body =
    handler.body
      ?.getText()
      .replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, '')
      .replace(/\s/g, '') ?? '';
  return ['{}', 'undefined', 'null', 'void0'].includes(body);
}
