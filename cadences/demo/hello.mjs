// An inline handler gets the tick and a context; a string is its summary.
export default async function hello(tick, context) {
  const name = tick.payload?.name ?? 'world';
  context.log(`greeting ${name} for ${context.runId}`);
  return `Hello, ${name}.`;
}
