-- Sealed months. A seal stands for all events with a number below its boundary that an earlier seal does
-- not stand for; what they come to is kept here, so that `check` need not count them again. Who changes
-- a sealed event changes its sums in the same transaction.

-- sealed_at is empty while the seal is being made; run tells who makes it.
CREATE TABLE seals (
    boundary BIGINT PRIMARY KEY,
    run BIGINT NOT NULL,
    sealed_at BIGINT,
    events BIGINT NOT NULL DEFAULT 0,
    requests BIGINT NOT NULL DEFAULT 0
);

-- Whole sums by what an event counts under, as in rollup_quarter_hours.
CREATE TABLE sealed_rollups (
    boundary BIGINT NOT NULL,
    integration_id BIGINT NOT NULL,
    bucket BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    status BIGINT NOT NULL,
    events BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    amount TEXT COLLATE "C" NOT NULL,
    payout TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (boundary, integration_id, bucket, kind, name, status, currency)
) WITH (fillfactor = 90);

-- The newest of what waits: a lead that comes at the same time as its postback is looked for here.
CREATE INDEX waiting_requests_request ON waiting_requests (request_id);

-- Events by their own time, for lists of a period: a few pages that say between which times each stretch of
-- the table lies.
CREATE INDEX events_time ON events USING brin (occurred_at) WITH (pages_per_range = 16);
