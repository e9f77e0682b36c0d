import { CLI } from '../support/owner-cli.ts';
import { commandProducer } from './producer.ts';
import { describeProducer } from './producer-suite.ts';

describeProducer('cadence-bus enqueue', commandProducer([...CLI, 'enqueue']));
