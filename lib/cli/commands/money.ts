import type { CommandGroup } from '../command.ts';
import { NOT_FOUND } from './shared.ts';

export const MONEY_COMMANDS: CommandGroup = {
  title: 'Money',
  commands: [
    {
      name: 'costs',
      summary: 'what was spent, by cadence, day or model; what is set aside now; the budgets beside it',
      usage: '[cadence] [--since 7d] [--by cadence|day|model]',
      maxWords: 1,
      flags: [
        { name: 'since', value: '7d', summary: 'what ended since then (default: this month)' },
        { name: 'by', value: 'GROUP', summary: 'cadence (default), day or model' },
      ],
      examples: ['cadence-bus costs', 'cadence-bus costs --since 7d --by day', 'cadence-bus costs morning-brief --by model --json'],
      exits: [NOT_FOUND],
      load: () => import('../verbs/costs.ts'),
    },
  ],
};
