import * as z from 'zod';
import { heldAnswer, hooksAnswer, notifyAnswers } from './act.ts';
import { dryRun, failure, isOk } from './answer-part.ts';
import { analyzeAnswer, incidentsAnswers, learnAnswer, vaultAnswer } from './care.ts';
import { capabilitiesAnswer, changeAnswer, changesAnswer, listAnswer, schemaAnswers, showAnswer, skillsAnswer } from './definition.ts';
import { costsAnswer } from './money.ts';
import { LINES, receipt, runAnswer, runsAnswer } from './run.ts';
import { simulateAnswer } from './simulation.ts';
import {
  auditAnswer,
  checkAnswer,
  dlqAnswers,
  doctorAnswer,
  drainAnswer,
  haltAnswer,
  holdsAnswer,
  orderAnswer,
  statusAnswer,
  topAnswer,
  webAnswer,
} from './state.ts';
import { heartbeatAnswer, probeAnswer } from './watch.ts';

/** What each command may answer with --json when it did what was asked. */
const ANSWERS: Readonly<Record<string, readonly z.ZodType[]>> = {
  start: [drainAnswer, dryRun],
  enqueue: [receipt, dryRun],
  run: [runAnswer, receipt, dryRun],
  exec: [runAnswer, heldAnswer, dryRun],
  notify: [...notifyAnswers, dryRun],
  hooks: [hooksAnswer, changesAnswer, dryRun],
  probe: [probeAnswer, dryRun],
  status: [statusAnswer, runAnswer],
  top: [topAnswer],
  web: [webAnswer],
  list: [listAnswer],
  show: [showAnswer, runAnswer],
  runs: [runsAnswer],
  wait: [runAnswer],
  cancel: [runAnswer, dryRun],
  dlq: [...dlqAnswers, dryRun],
  breaker: [holdsAnswer, orderAnswer, dryRun],
  pause: [orderAnswer, dryRun],
  resume: [orderAnswer, dryRun],
  halt: [haltAnswer, dryRun],
  costs: [costsAnswer],
  learn: [learnAnswer],
  analyze: [analyzeAnswer],
  incidents: [...incidentsAnswers, dryRun],
  vault: [vaultAnswer],
  simulate: [simulateAnswer],
  heartbeat: [heartbeatAnswer, dryRun],
  check: [checkAnswer],
  doctor: [doctorAnswer, dryRun],
  audit: [auditAnswer],
  capabilities: [capabilitiesAnswer],
  schema: schemaAnswers,
  new: [changeAnswer],
  edit: [changeAnswer],
  rm: [changeAnswer],
  enable: [changeAnswer],
  disable: [changeAnswer],
  init: [changesAnswer],
  import: [changesAnswer],
  skills: [skillsAnswer, changesAnswer],
};

const ANY_ANSWER = z.looseObject({ ok: isOk });

/** The answer of a command; for one of LINES, each line of it. Every command may fail instead, in the one form that a failure has. */
export function answerSchema(command: string): z.ZodType {
  const line = (LINES as Readonly<Record<string, z.ZodType>>)[command];
  if (line !== undefined) return z.union([line, failure]);
  return z.union([...(ANSWERS[command] ?? [ANY_ANSWER]), failure]);
}
