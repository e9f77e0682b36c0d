import { readVaultNote } from '../app/answers/vault-notes.ts';
import type { PageTarget } from '../app/page-words.ts';
import { commands, link, text } from './html.ts';
import { noteHtml } from './note.ts';
import type { Page } from './template.ts';

/** The page on which what a note tells of is told as it stands now. */
const NOW: Readonly<Record<string, PageTarget['kind']>> = { cadences: 'cadence', incidents: 'incident', runs: 'run', dead: 'run' };

/** undefined: this is no address of the vault. Nothing in an address is decoded, so a name in it has letters, digits, `-` and `_` alone. */
export function vaultPage(root: string, path: string, inRoot: (words: string) => string): Page | undefined {
  const [whole, folder, name = ''] = /^\/vault(?:\/graph|\/([a-z]{1,20})\/([A-Za-z0-9_-]{1,200}))?$/.exec(path) ?? [];
  if (whole === undefined) return undefined;
  const place = folder === undefined ? (path === '/vault' ? 'index' : 'graph') : `${folder}/${name}`;
  const note = readVaultNote(root, place);
  const anew = `<section><h2>Next step</h2>${commands([inRoot('cadence-bus vault')])}</section>`;
  if (note === undefined)
    return { title: 'vault', main: `<h1>Vault</h1><p>There are no notes yet of what failed, what was tried and what came of it.</p>${anew}` };
  const kind = NOW[folder ?? ''];
  const now = kind === undefined ? '' : `<p>${link({ kind, id: name }, text('As it stands now'))}</p>`;
  const back = place === 'index' ? '' : '<p><a href="/vault">All notes</a></p>';
  return { title: `vault ${place}`, main: `${back}${noteHtml(note)}${now}${place === 'index' ? anew : ''}` };
}
