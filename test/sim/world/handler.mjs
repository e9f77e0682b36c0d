/** What inline cadences of the simulation run; the stage says how a run goes. */
export default (tick, context) => globalThis.simulatedHandler(tick, context);
