import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { commandProducer, libraryProducer, PROJECT } from './producer.ts';
import { describeProducer } from './producer-suite.ts';
import { shells } from './shells.ts';

it('bin/enqueue is tried in two shells at least', () => assert.ok(shells.length >= 2, 'install dash, bash or busybox'));

for (const shell of shells) describeProducer(`bin/enqueue in ${shell.join(' ')}`, commandProducer([...shell, join(PROJECT, 'bin/enqueue')]));
describeProducer('the library', libraryProducer());
