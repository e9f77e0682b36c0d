import type { Notice } from '../core/notice/notice.ts';
import { type Sink, secretNames } from '../core/notice/sink.ts';
import { toVisible, truncate } from '../core/text/excerpt.ts';
import type { Http, Journal } from '../ports.ts';
import { discord } from './discord.ts';
import { sendMail } from './email.ts';
import { type Caller, tellMac } from './macos.ts';
import type { Answered, Message, Posting, Verdict } from './message.ts';
import { ntfy } from './ntfy.ts';
import type { Programs } from './program.ts';
import { slack } from './slack.ts';
import { telegram } from './telegram.ts';
import { webhook } from './webhook.ts';

/** One try to bring one notice to its sink. It never rejects for what a sink does. */
export interface SendingDeps {
  readonly http: Http;
  readonly programs: Programs;
  readonly caller: Caller;
  readonly host: string;
  readonly journal: Pick<Journal, 'emit'>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** 12 characters of [a-z0-9] for these words, always the same. */
  readonly idOf: (key: string) => string;
  /** Where earlier notices of an incident stand. */
  readonly threadOf: (sink: Sink, incidentId: string) => Posting['thread'];
  /** Without secrets, those that these variables hold among them. */
  readonly redact: (text: string, names: readonly string[]) => string;
}

/** Starts what the sink's definition says, or goes on with what an earlier owner started. */
export type ShellWork = (notice: Notice) => Promise<Verdict>;

const TIMEOUT_MS = 10_000;

export async function send(deps: SendingDeps, notice: Notice, shell: ShellWork, signal: AbortSignal): Promise<Verdict> {
  const { sink } = notice;
  const names = secretNames(sink);
  const unset = names.filter((name) => (deps.env[name] ?? '').trim() === '');
  if (unset.length > 0) return { kind: 'failed', because: `${unset.join(', ')} is not set in the owner's environment` };
  return inWords(await sendTo(deps, sink, notice, shell, signal), (text) => deps.redact(text, names));
}

function sendTo(deps: SendingDeps, sink: Sink, notice: Notice, shell: ShellWork, signal: AbortSignal): Promise<Verdict> {
  const id = deps.idOf(notice.key);
  switch (sink.kind) {
    case 'log':
      return tellLog(deps, notice);
    case 'macos':
      return tellMac(deps.programs, deps.caller, sink.buttons ?? true, notice, id);
    case 'email':
      return sendMail(deps.programs, sink, notice, id, deps.host);
    case 'shell':
      return shell(notice);
    case 'discord':
    case 'telegram':
    case 'slack':
    case 'webhook':
    case 'ntfy':
      return post(deps, sink, notice, id, signal);
  }
}

async function tellLog({ journal }: SendingDeps, { kind, level = 'none', cadence, run_id, text, incident_id }: Notice): Promise<Verdict> {
  const isBad = kind === 'failure' || kind === 'reminder' || kind === 'summary';
  const about = { cadence, run_id, kind, ...(incident_id === undefined ? {} : { incident_id }) };
  journal.emit({ level: level === 'urgent' || level === 'critical' ? 'error' : isBad ? 'warn' : 'info', stage: 'notice', ...about, because: text });
  return { kind: 'delivered' };
}

type PostedSink = Extract<Sink, { kind: 'discord' | 'telegram' | 'slack' | 'webhook' | 'ntfy' }>;

async function post({ http, env, threadOf }: SendingDeps, sink: PostedSink, notice: Notice, id: string, signal: AbortSignal): Promise<Verdict> {
  const thread = notice.incident_id === undefined ? undefined : threadOf(sink, notice.incident_id);
  const message = messageOf(sink, notice, { secret: (name) => (env[name] ?? '').trim(), id, thread });
  const answer = await http.post({ allowHttp: false, ...message, timeoutMs: TIMEOUT_MS }, signal);
  switch (answer.kind) {
    case 'answer':
      return judgeAnswer(sink, answer);
    case 'refused':
    case 'failed':
      return { kind: 'failed', because: answer.because };
  }
}

/** What a server says is shown, kept and sent on: without our secrets, which it may repeat. */
function inWords(verdict: Verdict, redact: (text: string) => string): Verdict {
  return verdict.kind === 'delivered' ? verdict : { ...verdict, because: truncate(toVisible(redact(verdict.because)), 300) };
}

function messageOf(sink: PostedSink, notice: Notice, posting: Posting): Message {
  switch (sink.kind) {
    case 'discord':
      return discord.message(sink, notice, posting);
    case 'telegram':
      return telegram.message(sink, notice, posting);
    case 'slack':
      return slack.message(sink, notice, posting);
    case 'webhook':
      return webhook.message(sink, notice, posting);
    case 'ntfy':
      return ntfy.message(sink, notice, posting);
  }
}

function judgeAnswer({ kind }: PostedSink, answer: Answered): Verdict {
  return { discord, telegram, slack, webhook, ntfy }[kind].judge(answer);
}
