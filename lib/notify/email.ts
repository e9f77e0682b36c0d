import type { Notice } from '../core/notice/notice.ts';
import type { Sink } from '../core/notice/sink.ts';
import { toVisible, truncate } from '../core/text/excerpt.ts';
import { parseIso } from '../core/time/instant.ts';
import type { Verdict } from './message.ts';
import { titleOf } from './ntfy.ts';
import { judgeProgram, type Programs } from './program.ts';

const WITHIN_MS = 30_000;
const FOLDERS = ['/usr/sbin', '/usr/lib', '/sbin'];
const MAX_CHARACTERS = 20_000;

/**
 * Mail, handed to sendmail of this machine. Who gets it stands in arguments, and nothing that a run said is ever a line of
 * the head. The `Message-ID` is the same for every try, by which most mailboxes show a repetition once.
 */
export async function sendMail(programs: Programs, sink: Extract<Sink, { kind: 'email' }>, notice: Notice, id: string, host: string): Promise<Verdict> {
  const program = programs.find('sendmail', FOLDERS);
  if (program === undefined) return { kind: 'failed', because: 'there is no sendmail on this machine' };
  const from = sink.from === undefined ? [] : ['-f', sink.from];
  return judgeProgram(await programs.hear({ argv: [program, '-i', ...from, '--', ...sink.to], stdin: mailOf(sink, notice, id, host), withinMs: WITHIN_MS }));
}

export function mailOf(sink: Extract<Sink, { kind: 'email' }>, notice: Notice, id: string, host: string): string {
  const place = host.toLowerCase().replace(/[^a-z0-9.-]/g, '') || 'localhost';
  const thread = notice.incident_id === undefined ? [] : [`References: <${notice.incident_id}@${place}>`];
  const head = [
    ...(sink.from === undefined ? [] : [`From: ${sink.from}`]),
    `To: ${sink.to.join(',\n ')}`,
    `Subject: ${encodedWords(subjectOf(notice))}`,
    `Date: ${new Date(parseIso(notice.created_at) ?? 0).toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${id}.cadence-bus@${place}>`,
    ...thread,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    'Auto-Submitted: auto-generated',
  ];
  const body = Buffer.from(truncate(notice.text, MAX_CHARACTERS), 'utf8').toString('base64');
  return `${head.join('\n')}\n\n${(body.match(/.{1,76}/g) ?? []).join('\n')}\n`;
}

function subjectOf(notice: Notice): string {
  const line = notice.text.split('\n')[0] ?? '';
  return truncate(toVisible(`${titleOf(notice)}${line === '' ? '' : ` - ${line}`}`).replaceAll(/\s+/g, ' '), 150);
}

/** RFC 2047, in pieces that no line breaks in the middle of a character. */
function encodedWords(text: string): string {
  if (/^[ -~]*$/.test(text) && !text.includes('=?')) return text;
  const pieces: string[] = [];
  let piece = '';
  for (const char of text) {
    if (Buffer.byteLength(piece + char, 'utf8') > 42) {
      pieces.push(piece);
      piece = '';
    }
    piece += char;
  }
  return [...pieces, piece].map((one) => `=?UTF-8?B?${Buffer.from(one, 'utf8').toString('base64')}?=`).join('\n ');
}
