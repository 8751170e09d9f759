// A database as musterd wrote it with version 1 of the store: the same statements, and rows of three jobs: j1 has ended, j2 is under
// way, j3 has just been made.
#pragma once

namespace muster {

inline constexpr char kVersion1[] = R"sql(
PRAGMA journal_mode = WAL;
BEGIN IMMEDIATE;
PRAGMA application_id = 1299542900;
PRAGMA user_version = 1;
CREATE TABLE meta (
  id       INTEGER PRIMARY KEY CHECK (id = 1),
  store_id TEXT NOT NULL,
  counter  INTEGER NOT NULL          -- how often the store was opened for writing
);
CREATE TABLE job (
  number             INTEGER PRIMARY KEY,
  id                 TEXT NOT NULL UNIQUE,
  request_id         TEXT NOT NULL,  -- the engine sees to it that it is used once, among the newest
  request_digest     BLOB NOT NULL,
  work               BLOB NOT NULL,
  max_parallel       INTEGER NOT NULL,
  delivery_deadline  INTEGER NOT NULL,
  execution_deadline INTEGER NOT NULL,
  deadline           INTEGER,
  created_by         TEXT NOT NULL,
  created            INTEGER NOT NULL,
  nodes              TEXT NOT NULL,  -- one a line
  revision           INTEGER NOT NULL
);
CREATE TABLE job_status (
  job      INTEGER PRIMARY KEY,      -- job.number
  state    INTEGER NOT NULL,
  detail   TEXT NOT NULL,
  ended    INTEGER,
  revision INTEGER NOT NULL,         -- of the newest change of the job or its tasks
  counts   TEXT NOT NULL             -- numbers, by state
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
INSERT INTO meta VALUES (1, '0199d2a4-0000-7000-8000-000000000001', 41);
INSERT INTO job VALUES (1, 'j1', 'request of j1', x'00ff', x'0a170a11637261792d6f7263612e736572766963651a020805',
  7, 30000000000, 90000000000, 600000000000, 'alice', 1700000000000000000, 'x0' || char(10) || 'x1' || char(10), 1);
INSERT INTO job VALUES (2, 'j2', 'request of j2', x'01', x'0a170a11637261792d6f7263612e736572766963651a020805',
  1000, 120000000000, 300000000000, NULL, 'bob', 1700000100000000000, 'x0' || char(10), 7);
INSERT INTO job VALUES (3, 'j3', 'request of j3', x'02', x'0a170a11637261792d6f7263612e736572766963651a020805',
  1000, 120000000000, 300000000000, NULL, 'bob', 1700000200000000000, 'x0' || char(10), 9);
INSERT INTO job_status VALUES (1, 5, 'one of 2 failed', 1700000050000000000, 6, '0 0 0 0 0 0 0 0 1 0 0 0 1 0');
INSERT INTO job_status VALUES (2, 1, '', NULL, 8, '0 0 1 0 0 0 0 0 0 0 0 0 0 0');
INSERT INTO job_status VALUES (3, 1, '', NULL, 9, '0 1 0 0 0 0 0 0 0 0 0 0 0 0');
INSERT INTO transition VALUES (2, 1, 'x0', 2, 1, 0, '', 'life', 1, 1, 90000000000, 1, NULL, NULL);
INSERT INTO transition VALUES (3, 1, 'x1', 2, 1, 0, '', 'life', 1, 1, 90000000000, 1, NULL, NULL);
INSERT INTO transition VALUES (4, 1, 'x0', 8, 1, 32, 'it died', 'life', 1, 1, 90000000000, 2,
  x'080410201a0769742064696564', NULL);
INSERT INTO transition VALUES (5, 1, 'x1', 12, 1, 73, '', 'life', 1, 1, 90000000000, 3, NULL, NULL);
INSERT INTO transition VALUES (8, 2, 'x0', 2, 1, 0, '', 'life', 4, 4, 300000000000, 4, NULL, NULL);
INSERT INTO node_seen VALUES ('x0', 'nid000001' || char(10), 5);
COMMIT;
)sql";

}  // namespace muster
