// A database as musterd wrote it with version 2 of the store: the same statements, and a job that is under way.
#pragma once

namespace muster {

inline constexpr char kVersion2[] = R"sql(
PRAGMA journal_mode = WAL;
BEGIN IMMEDIATE;
PRAGMA application_id = 1299542900;
PRAGMA user_version = 2;
CREATE TABLE meta (
  id            INTEGER PRIMARY KEY CHECK (id = 1),
  store_id      TEXT NOT NULL,
  counter       INTEGER NOT NULL,           -- how often the store was opened for writing
  gone_revision INTEGER NOT NULL DEFAULT 0  -- the highest of all jobs that are gone
);
CREATE TABLE job_status (
  job      INTEGER PRIMARY KEY,         -- job.number
  state    INTEGER NOT NULL,
  detail   TEXT NOT NULL,
  ended    INTEGER,
  revision INTEGER NOT NULL,            -- of the newest change of the job or its tasks
  counts   TEXT NOT NULL,               -- numbers, by state
  deleted  INTEGER NOT NULL DEFAULT 0,  -- 1: nobody sees it any more, and its rows are going
  tidied   INTEGER NOT NULL DEFAULT 0   -- the revision up to which each task has its newest row only
);
CREATE TABLE transition (
  revision           INTEGER PRIMARY KEY,
  job                INTEGER NOT NULL,
  node               TEXT NOT NULL,
  state              INTEGER NOT NULL,
  attempt            INTEGER NOT NULL,
  reason             INTEGER NOT NULL,
  detail             TEXT NOT NULL,
  incarnation        TEXT NOT NULL,
  first_sent         INTEGER NOT NULL,
  last_sent          INTEGER NOT NULL,
  execution_deadline INTEGER NOT NULL,
  updated            INTEGER NOT NULL,
  outcome            BLOB,
  late_outcome       BLOB
);
CREATE INDEX transition_of_task ON transition (job, node, revision, state);
CREATE INDEX transition_of_job ON transition (job, revision);
CREATE TABLE node_seen (
  node    TEXT PRIMARY KEY,
  aliases TEXT NOT NULL,             -- one a line
  seen    INTEGER NOT NULL
);
CREATE TABLE job (
  number         INTEGER PRIMARY KEY,
  id             TEXT NOT NULL UNIQUE,
  request_id     TEXT NOT NULL,  -- the engine sees to it that it is used once, among the newest
  request_digest BLOB NOT NULL,
  work           BLOB NOT NULL,
  policy         BLOB NOT NULL,
  created_by     TEXT NOT NULL,
  created        INTEGER NOT NULL,
  revision       INTEGER NOT NULL
);
CREATE TABLE job_nodes (
  job   INTEGER PRIMARY KEY,     -- job.number
  nodes TEXT NOT NULL            -- one a line
);
CREATE TABLE gone_request (      -- of jobs that are gone: asked again, a request makes no second job
  job            TEXT PRIMARY KEY,
  request_id     TEXT NOT NULL,
  request_digest BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX job_status_deleted ON job_status (job) WHERE deleted = 1;
CREATE INDEX job_status_untidy ON job_status (job) WHERE tidied < revision;
CREATE INDEX job_status_kept ON job_status (ended, job) WHERE deleted = 0 AND state >= 4;
INSERT INTO meta VALUES (1, '0199d2a4-0000-7000-8000-000000000001', 41, 0);
INSERT INTO job VALUES (1, 'j1', 'request of j1', x'00ff', x'0a170a11637261792d6f7263612e736572766963651a020805',
  x'0807', 'alice', 1700000000000000000, 1);
INSERT INTO job_nodes VALUES (1, 'x0' || char(10) || 'x1' || char(10));
INSERT INTO job_status VALUES (1, 1, '', NULL, 2, '0 1 1 0 0 0 0 0 0 0 0 0 0 0', 0, 0);
INSERT INTO transition VALUES (2, 1, 'x0', 2, 1, 0, '', 'life', 1, 1, 90000000000, 1, NULL, NULL);
INSERT INTO node_seen VALUES ('x0', 'nid000001' || char(10), 5);
COMMIT;
)sql";

}  // namespace muster
