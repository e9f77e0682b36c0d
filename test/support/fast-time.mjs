/**
 * Preloaded into a real owner, and into commands that ask about it: their hours pass in minutes. FAST_TIME is
 * `<epoch> <speed>`; all that share it agree on what time it is. Files, children and sockets stay what they are.
 */
import { performance } from 'node:perf_hooks';

const [epoch, speed] = (process.env.FAST_TIME ?? '0 1').split(' ').map(Number);
const [now, monotonic, precise, later] = [Date.now, performance.now.bind(performance), process.hrtime.bigint, globalThis.setTimeout];
Date.now = () => Math.round(epoch + (now() - epoch) * speed);
performance.now = () => monotonic() * speed;
process.hrtime.bigint = () => BigInt(Math.round(Number(precise()) * speed));
globalThis.setTimeout = (act, ms = 0, ...words) => later(act, ms / speed, ...words);
