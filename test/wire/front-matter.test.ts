import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { splitFrontMatter } from '../../lib/wire/front-matter.ts';

describe('a Markdown file', () => {
  it('without front matter is all body', () => {
    assert.deepEqual(splitFrontMatter('# Hi\n---\nx'), { front: undefined, body: '# Hi\n---\nx', bodyLine: 1, isUnclosed: false });
  });

  it('has its front matter between two lines of ---, and later ones belong to the body', () => {
    assert.deepEqual(splitFrontMatter('---\na: 1\nb: 2\n--- \nbody\n---\nmore\n'), {
      front: { text: 'a: 1\nb: 2\n', firstLine: 2 },
      body: 'body\n---\nmore\n',
      bodyLine: 5,
      isUnclosed: false,
    });
  });

  it('may have empty front matter, a byte order mark, CRLF, and no end of line at its end', () => {
    assert.deepEqual(splitFrontMatter('\ufeff---\r\n---\r\nbody'), { front: { text: '', firstLine: 2 }, body: 'body', bodyLine: 3, isUnclosed: false });
    assert.deepEqual(splitFrontMatter('---\na: 1\n---'), { front: { text: 'a: 1\n', firstLine: 2 }, body: '', bodyLine: 4, isUnclosed: false });
  });

  it('opens none with ---- or with words behind the dashes', () => {
    for (const text of ['----\na\n---\n', '--- a\n---\n', ' ---\na\n---\n']) assert.deepEqual(splitFrontMatter(text).front, undefined, text);
  });

  it('says so where front matter never ends', () => {
    assert.equal(splitFrontMatter('---\na: 1\n').isUnclosed, true);
    assert.equal(splitFrontMatter('---').isUnclosed, true);
  });
});
