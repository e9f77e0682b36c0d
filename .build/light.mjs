/**
 * What a package uses hardly anything of, in the part that it uses: to load the whole of it takes an owner, of which people
 * wait for the first claim, longer than all that is done with it. By the package, then by what it asks Node for.
 */
const STAND_INS = {
  // For the name of a temporary file, of the process and a number; there are no threads here.
  'write-file-atomic': {
    'node:crypto': `
      exports.createHash = () => {
        let hash = 0x811c9dc5;
        const self = {
          update(text) {
            for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
            return self;
          },
          digest() {
            const bytes = Buffer.alloc(4);
            bytes.writeUInt32BE(hash >>> 0);
            return bytes;
          },
        };
        return self;
      };`,
    worker_threads: 'exports.threadId = 0;',
  },
  // It queues opens while too many files are open; a lock is a folder, and opens nothing.
  'proper-lockfile': { 'graceful-fs': "module.exports = require('node:fs');" },
  'signal-exit': {
    assert: `
      exports.equal = (found, expected, message) => {
        if (found !== expected) throw new TypeError(message);
      };`,
  },
};

/** A plugin for esbuild. */
export const light = {
  name: 'light',
  setup(build) {
    for (const [importer, standIns] of Object.entries(STAND_INS)) {
      for (const [wanted, contents] of Object.entries(standIns)) {
        build.onResolve({ filter: new RegExp(`^${wanted}$`) }, ({ importer: by }) =>
          packageOf(by) === importer ? { path: `${importer}/${wanted}`, namespace: 'light', pluginData: contents } : undefined,
        );
      }
    }
    build.onLoad({ filter: /./, namespace: 'light' }, ({ pluginData: contents }) => ({ contents, loader: 'js' }));
  },
};

const packageOf = (path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
