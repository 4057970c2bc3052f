-- Sealed months. A seal stands for all events with a number below its boundary that an earlier seal does
-- not stand for; what they come to is kept here, so that `check` need not count them again. Who changes
-- a sealed event changes its sums in the same transaction.

-- sealed_at is empty while the seal is being made; run tells who makes it.
CREATE TABLE seals (
    boundary INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    sealed_at INTEGER,
    events INTEGER NOT NULL DEFAULT 0,
    requests INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Whole sums by what an event counts under, as in rollup_quarter_hours.
CREATE TABLE sealed_rollups (
    boundary INTEGER NOT NULL,
    integration_id INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    status INTEGER NOT NULL,
    currency TEXT NOT NULL,
    events INTEGER NOT NULL,
    amount TEXT NOT NULL,
    payout TEXT NOT NULL,
    PRIMARY KEY (boundary, integration_id, bucket, kind, name, status, currency)
) STRICT, WITHOUT ROWID;

-- The newest of what waits: a lead that comes at the same time as its postback is looked for here.
CREATE INDEX waiting_requests_request ON waiting_requests (request_id);
