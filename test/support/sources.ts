import { readdirSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Node, type SourceFile, SyntaxKind } from 'typescript/unstable/ast';
import {
  isCallExpression,
  isExportDeclaration,
  isImportDeclaration,
  isImportTypeNode,
  isLiteralTypeNode,
  isNoSubstitutionTemplateLiteral,
  isStringLiteral,
} from 'typescript/unstable/ast/is';
import { API, type Checker } from 'typescript/unstable/sync';

/** One parsed file of the program, as the rules of the house see it. */
export interface Source {
  /** From the project's folder on: `lib/core/tick.ts`. */
  readonly path: string;
  readonly text: string;
  readonly tree: SourceFile;
  readonly checker: Checker;
}

export interface Import {
  readonly node: Node;
  /** A path like `lib/core/tick.ts`, or a package as it is written; undefined: computed while it runs. */
  readonly target: string | undefined;
  readonly isFile: boolean;
  /** Gone when compiled. */
  readonly isTypeOnly: boolean;
  /** Loaded when the program comes to it, and not before. */
  readonly isLate: boolean;
}

/** One TypeScript that parses and types everything asked for; trees and types live until `close`. */
export interface Reader {
  /** Everything that is compiled into the product, as it lies on disk. */
  project(): readonly Source[];
  /** These texts, as if they lay in the project at these paths. */
  texts(files: Readonly<Record<string, string>>): readonly Source[];
  close(): void;
}

const PROJECT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export function openReader(): Reader {
  /** Folders that exist only here, one for each call of `texts`, so that the same path may be asked for twice. */
  const overlay = new Map<string, string>();
  let calls = 0;
  const api = new API({
    cwd: PROJECT,
    fs: {
      readFile: (path) => overlay.get(path),
      fileExists: (path) => overlay.has(path) || undefined,
      directoryExists: (path) => [...overlay.keys()].some((file) => file.startsWith(`${path}/`)) || undefined,
    },
  });

  function open(config: string, base: string, paths: readonly string[]): Source[] {
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config);
    if (project === undefined) throw new Error(`TypeScript did not open ${config}.`);
    return paths.map((path) => {
      const tree = project.program.getSourceFile(join(base, path));
      if (tree === undefined) throw new Error(`TypeScript did not read ${path}.`);
      return { path, text: tree.text, tree, checker: project.checker };
    });
  }

  return {
    project: () =>
      open(
        join(PROJECT, 'tsconfig.json'),
        PROJECT,
        ['lib', 'bin'].flatMap((folder) => sourceFiles(folder)),
      ),
    texts: (files) => {
      calls += 1;
      const base = join(PROJECT, `in-memory-${calls}`);
      const config = join(base, 'tsconfig.json');
      for (const [path, text] of Object.entries(files)) overlay.set(join(base, path), text);
      overlay.set(config, JSON.stringify({ extends: '../tsconfig.json', include: [], files: Object.keys(files) }));
      return open(config, base, Object.keys(files));
    },
    close: () => api.close(),
  };
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(PROJECT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sourceFiles(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

export function lineOf(source: Source, node: Node): number {
  return source.tree.getLineAndCharacterOfPosition(node.getStart(source.tree)).line + 1;
}

export function lastLineOf(source: Source, node: Node): number {
  return source.tree.getLineAndCharacterOfPosition(node.end).line + 1;
}

export function nodesOf(source: Source): Node[] {
  const nodes: Node[] = [];
  const visit = (node: Node): void => {
    nodes.push(node);
    node.forEachChild(visit);
  };
  visit(source.tree);
  return nodes;
}

/** Every way to depend on another module: import, export from, import(), and import types. */
export function importsOf(source: Source): Import[] {
  return nodesOf(source).flatMap((node) => {
    const found = readImport(node);
    if (found === undefined) return [];
    const { target, isTypeOnly } = found;
    const isFile = target?.startsWith('.') ?? false;
    return [{ node, isFile, isTypeOnly, isLate: isCallExpression(node), target: isFile ? posix.join(posix.dirname(source.path), target as string) : target }];
  });
}

function readImport(node: Node): { readonly target: string | undefined; readonly isTypeOnly: boolean } | undefined {
  if (isImportDeclaration(node)) return { target: literal(node.moduleSpecifier), isTypeOnly: node.importClause?.phaseModifier === SyntaxKind.TypeKeyword };
  if (isExportDeclaration(node)) return node.moduleSpecifier && { target: literal(node.moduleSpecifier), isTypeOnly: node.isTypeOnly };
  if (isImportTypeNode(node)) return { target: literal(isLiteralTypeNode(node.argument) ? node.argument.literal : undefined), isTypeOnly: true };
  if (isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword) return { target: literal(node.arguments[0]), isTypeOnly: false };
  return undefined;
}

function literal(node: Node | undefined): string | undefined {
  return node !== undefined && (isStringLiteral(node) || isNoSubstitutionTemplateLiteral(node)) ? node.text : undefined;
}
