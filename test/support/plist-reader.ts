import assert from 'node:assert/strict';

export type Read = string | number | boolean | Read[] | { [key: string]: Read };

/**
 * A strict reader of property lists, for tests: it knows the elements that we write and nothing else, and throws where a key
 * has no value, a value no key, or an element no end.
 */
export function readPlist(text: string): Read {
  const tokens = tokensOf(text);
  let at = 0;
  const next = (): string => {
    const token = tokens[at];
    assert.ok(token !== undefined, 'the property list ends too soon');
    at += 1;
    return token;
  };
  const want = (expected: string): void => assert.equal(next(), expected);

  function textUntil(end: string): string {
    const words = tokens[at]?.startsWith('<') === false ? next() : '';
    want(end);
    return plainOf(words);
  }

  function value(token: string): Read {
    switch (token) {
      case '<string>':
        return textUntil('</string>');
      case '<integer>': {
        const digits = textUntil('</integer>');
        assert.match(digits, /^-?\d+$/);
        return Number(digits);
      }
      case '<true/>':
        return true;
      case '<false/>':
        return false;
      case '<array>': {
        const list: Read[] = [];
        for (let token = space(next()); token !== '</array>'; token = space(next())) list.push(value(token));
        return list;
      }
      case '<dict>': {
        const pairs: [string, Read][] = [];
        for (let token = space(next()); token !== '</dict>'; token = space(next())) {
          assert.equal(token, '<key>');
          const key = textUntil('</key>');
          assert.ok(!pairs.some(([known]) => known === key), `${key} stands twice`);
          pairs.push([key, value(space(next()))]);
        }
        return Object.fromEntries(pairs);
      }
      default:
        throw new assert.AssertionError({ message: `unexpected ${token}` });
    }
  }

  /** Between elements only blanks may stand. */
  function space(token: string): string {
    if (token.startsWith('<')) return token;
    assert.match(token, /^\s+$/);
    return next();
  }

  assert.equal(space(next()), '<?xml version="1.0" encoding="UTF-8"?>');
  assert.match(space(next()), /^<!DOCTYPE plist [^>]*>$/);
  assert.equal(space(next()), '<plist version="1.0">');
  const read = value(space(next()));
  assert.equal(space(next()), '</plist>');
  assert.equal(tokens.slice(at).join('').trim(), '');
  return read;
}

function tokensOf(text: string): readonly string[] {
  const tokens = text.match(/<[^>]*>|[^<]+/g) ?? [];
  assert.equal(tokens.join(''), text);
  return tokens;
}

function plainOf(text: string): string {
  assert.doesNotMatch(text, />/);
  return text.replace(/&([^;]*);?/g, (whole, name: string) => {
    const meant = { amp: '&', lt: '<', gt: '>' }[name];
    assert.ok(meant !== undefined, `unknown entity ${whole}`);
    return meant;
  });
}
