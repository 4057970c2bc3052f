-- The first schema. Times are microseconds UTC, money is canonical decimal text, flags are bits.
-- leads.id, events.id and inbox.id are time-ordered 63-bit numbers; an event made by a request
-- carries the request's number.

CREATE TABLE workspaces (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    time_zone TEXT NOT NULL DEFAULT 'UTC',
    report_currency TEXT NOT NULL DEFAULT 'USD',
    creates_fields INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE integrations (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    uuid TEXT NOT NULL UNIQUE,
    partner TEXT,
    name TEXT NOT NULL,
    clickid_param TEXT NOT NULL,
    clickid_macro TEXT NOT NULL,
    enabled INTEGER NOT NULL DEFAULT 1,
    rules TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    deleted_at INTEGER
) STRICT;

CREATE TABLE postback_configurations (
    id INTEGER PRIMARY KEY,
    integration_id INTEGER NOT NULL REFERENCES integrations (id),
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    event TEXT NOT NULL,
    rules TEXT NOT NULL
) STRICT;
CREATE INDEX postback_configurations_integration ON postback_configurations (integration_id);

CREATE TABLE registration_links (
    id INTEGER PRIMARY KEY,
    integration_id INTEGER NOT NULL REFERENCES integrations (id),
    name TEXT NOT NULL,
    base_url TEXT NOT NULL,
    params TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX registration_links_integration ON registration_links (integration_id);

CREATE TABLE custom_events (
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    name TEXT NOT NULL,
    counts_money INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE custom_fields (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    options TEXT NOT NULL DEFAULT '[]',
    visible INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    UNIQUE (workspace_id, key)
) STRICT;

CREATE TABLE api_tokens (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    name TEXT NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;

CREATE TABLE leads (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    clickid TEXT NOT NULL,
    -- How many clickids lead here: where it is one, no other needs to be looked for.
    clickids INTEGER NOT NULL DEFAULT 0,
    name TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL DEFAULT '',
    buyer_id INTEGER,
    test INTEGER NOT NULL DEFAULT 0,
    clicked_at INTEGER,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX leads_workspace ON leads (workspace_id, id);

-- Every clickid and outside id by which a lead is found. kind: 1 clickid, 2 telegram, 3 player.
-- scope: the integration of a player id, else 0.
CREATE TABLE lead_identities (
    workspace_id INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    scope INTEGER NOT NULL,
    value TEXT NOT NULL,
    lead_id INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, kind, scope, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX lead_identities_lead ON lead_identities (lead_id);

-- set_at is the event time that wrote the value: newer wins. source is the request that did.
CREATE TABLE lead_values (
    lead_id INTEGER NOT NULL,
    field_id INTEGER NOT NULL,
    value TEXT NOT NULL,
    fits INTEGER NOT NULL,
    set_at INTEGER NOT NULL,
    source INTEGER NOT NULL,
    PRIMARY KEY (lead_id, field_id)
) STRICT, WITHOUT ROWID;

-- One row per lead and integration with deposits: the holder of the first-deposit slot. Locked
-- before deciding where several writers exist. Never purged or partitioned.
CREATE TABLE lead_states (
    lead_id INTEGER NOT NULL,
    integration_id INTEGER NOT NULL,
    first_deposit INTEGER,
    PRIMARY KEY (lead_id, integration_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE clicks (
    workspace_id INTEGER NOT NULL,
    clickid TEXT NOT NULL,
    campaign_id INTEGER,
    clicked_at INTEGER NOT NULL,
    params TEXT NOT NULL,
    lead_id INTEGER,
    PRIMARY KEY (workspace_id, clickid)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    integration_id INTEGER NOT NULL,
    lead_id INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    status INTEGER NOT NULL,
    name TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    amount TEXT,
    currency TEXT,
    payout TEXT,
    payout_currency TEXT,
    tid TEXT,
    flags INTEGER NOT NULL,
    test INTEGER NOT NULL DEFAULT 0
) STRICT;
-- Ids are ordered by time, so this is each lead's history.
CREATE INDEX events_lead ON events (lead_id);

-- The judge of sameness. tid is a transaction id or a slot. Never purged or partitioned.
CREATE TABLE event_keys (
    integration_id INTEGER NOT NULL,
    grp TEXT NOT NULL,
    tid TEXT NOT NULL,
    lead_id INTEGER NOT NULL,
    event_id INTEGER NOT NULL,
    PRIMARY KEY (integration_id, grp, tid, lead_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE event_changes (
    id INTEGER PRIMARY KEY,
    event_id INTEGER NOT NULL,
    request_id INTEGER,
    changed_at INTEGER NOT NULL,
    field TEXT NOT NULL,
    old TEXT,
    new TEXT
) STRICT;
CREATE INDEX event_changes_event ON event_changes (event_id);

-- Every request that reached a known postback URL, with its raw text.
-- verdict: 1 accepted, 2 updated, 3 duplicate, 4 unmatched, 5 rejected.
CREATE TABLE inbox (
    id INTEGER PRIMARY KEY,
    integration_id INTEGER NOT NULL,
    verdict INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    method TEXT NOT NULL,
    query BLOB NOT NULL,
    content_type TEXT,
    body BLOB,
    address TEXT,
    code TEXT,
    clickid TEXT,
    lead_id INTEGER,
    event_id INTEGER,
    test INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX inbox_integration ON inbox (integration_id, id);
CREATE INDEX inbox_verdict ON inbox (verdict, id) WHERE verdict <> 1;
CREATE INDEX inbox_flagged ON inbox (id) WHERE flags <> 0;
CREATE INDEX inbox_lead ON inbox (lead_id, id) WHERE verdict <> 1 AND lead_id IS NOT NULL;

-- Unmatched requests that apply themselves when their click or lead appears.
CREATE TABLE waiting_requests (
    workspace_id INTEGER NOT NULL,
    clickid TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    request_id INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, clickid, received_at, request_id)
) STRICT, WITHOUT ROWID;

-- Sums by 15-minute UTC bucket of the event time, changed in the event's own transaction.
-- slot spreads hot rows where several nodes write; currency is empty for what has none.
CREATE TABLE rollup_quarter_hours (
    integration_id INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    status INTEGER NOT NULL,
    currency TEXT NOT NULL,
    slot INTEGER NOT NULL DEFAULT 0,
    events INTEGER NOT NULL,
    amount TEXT NOT NULL,
    payout TEXT NOT NULL,
    PRIMARY KEY (integration_id, bucket, kind, name, status, currency, slot)
) STRICT, WITHOUT ROWID;

INSERT INTO workspaces (id, name, created_at) VALUES (1, 'Workspace', 0);
