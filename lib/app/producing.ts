export { readPayload } from '../platform/payload-source.ts';
export { createProducer, type EnqueueOptions, type Receipt } from '../platform/producer.ts';
