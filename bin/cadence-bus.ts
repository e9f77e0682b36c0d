#!/usr/bin/env node
import { main } from '../lib/cli/main.ts';

const isTerminal = process.stderr.isTTY === true && process.stdout.isTTY === true;
const exitCode = await main(process.argv.slice(2), { cwd: process.cwd(), env: process.env, isTerminal });
// An owner that has stopped leaves its children to the next one; what followed them must not keep this process alive.
process.exit(exitCode);
