/**
 * No queue, but what a queue on SQLite could reach: WAL with every commit flushed, jobs added and taken in groups of 500.
 * `place` is a folder.
 */
import { join } from 'node:path';

const GROUP = 500;

export async function open(need, place) {
  const Database = need('better-sqlite3');
  const db = new Database(join(place, 'bare.db'));
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec('CREATE TABLE IF NOT EXISTS job (id INTEGER PRIMARY KEY, data TEXT NOT NULL)');
  const insert = db.prepare('INSERT INTO job (data) VALUES (?)');
  const take = db.prepare(`SELECT id FROM job ORDER BY id LIMIT ${GROUP}`);
  const remove = db.prepare('DELETE FROM job WHERE id = ?');
  const add = db.transaction((count) => {
    for (let n = 0; n < count; n += 1) insert.run('{}');
  });
  const removeAll = db.transaction((jobs) => {
    for (const { id } of jobs) remove.run(id);
  });
  return {
    async addMany(count) {
      for (let left = count; left > 0; left -= GROUP) add(Math.min(GROUP, left));
    },
    addOne: async () => add(1),
    async work(onJob) {
      for (let jobs = take.all(); jobs.length > 0; jobs = take.all()) {
        for (const _job of jobs) onJob();
        removeAll(jobs);
      }
    },
    close: async () => db.close(),
  };
}
