-- The CRM: statuses, tags, notes, what people changed on leads, merges, imports, and what finds leads.

-- Where a workspace has no rows, the statuses are those that the program brings. The first status is
-- stored on leads as an empty text. An empty name is shown in the visitor's language.
CREATE TABLE lead_statuses (
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    code TEXT NOT NULL,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    tone TEXT NOT NULL,
    PRIMARY KEY (workspace_id, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE tags (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    name TEXT NOT NULL,
    UNIQUE (workspace_id, name)
) STRICT;
CREATE TABLE lead_tags (
    tag_id INTEGER NOT NULL,
    lead_id INTEGER NOT NULL,
    PRIMARY KEY (tag_id, lead_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX lead_tags_lead ON lead_tags (lead_id);

CREATE TABLE lead_notes (
    id INTEGER PRIMARY KEY,
    lead_id INTEGER NOT NULL,
    user_id INTEGER,
    author TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    edited_at INTEGER
) STRICT;
CREATE INDEX lead_notes_lead ON lead_notes (lead_id, id);

-- What people changed: status, buyer, merges.
CREATE TABLE lead_changes (
    id INTEGER PRIMARY KEY,
    lead_id INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    author TEXT NOT NULL,
    field TEXT NOT NULL,
    old TEXT NOT NULL,
    new TEXT NOT NULL
) STRICT;
CREATE INDEX lead_changes_lead ON lead_changes (lead_id, id);

-- The number of a lead that went into another one leads to it.
CREATE TABLE lead_merges (
    lost_id INTEGER PRIMARY KEY,
    kept_id INTEGER NOT NULL
) STRICT;
CREATE INDEX lead_merges_kept ON lead_merges (kept_id);

-- Which leads have events of an integration, the newest lead last.
CREATE TABLE lead_integrations (
    integration_id INTEGER NOT NULL,
    lead_id INTEGER NOT NULL,
    PRIMARY KEY (integration_id, lead_id)
) STRICT, WITHOUT ROWID;
INSERT INTO lead_integrations SELECT DISTINCT integration_id, lead_id FROM events;

CREATE INDEX leads_buyer ON leads (workspace_id, buyer_id, id);
CREATE INDEX leads_status ON leads (workspace_id, status, id);

-- Whole values are found by their beginning; the rest is compared.
CREATE INDEX lead_values_value ON lead_values (field_id, substr(value, 1, 64), lead_id);

-- Parts of names, by three characters. Two marks stand before each word, so that one or two characters
-- find the beginnings of words. Only leads with a name are here.
CREATE VIRTUAL TABLE lead_names USING fts5 (name, content = '', contentless_delete = 1, tokenize = 'trigram');
CREATE TRIGGER lead_names_made AFTER INSERT ON leads WHEN new.name <> '' BEGIN
    INSERT INTO lead_names (rowid, name)
    VALUES (new.id, char(2, 2) || replace(replace(trim(new.name), '  ', ' '), ' ', char(2, 2)));
END;
CREATE TRIGGER lead_names_changed AFTER UPDATE OF name ON leads WHEN new.name <> old.name BEGIN
    DELETE FROM lead_names WHERE rowid = old.id;
    INSERT INTO lead_names (rowid, name)
    SELECT new.id, char(2, 2) || replace(replace(trim(new.name), '  ', ' '), ' ', char(2, 2)) WHERE new.name <> '';
END;
CREATE TRIGGER lead_names_gone AFTER DELETE ON leads BEGIN
    DELETE FROM lead_names WHERE rowid = old.id;
END;
INSERT INTO lead_names (rowid, name)
SELECT id, char(2, 2) || replace(replace(trim(name), '  ', ' '), ' ', char(2, 2)) FROM leads WHERE name <> '';

ALTER TABLE custom_fields ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
UPDATE custom_fields SET position = id;

-- Lists of missed conversions that were pasted, and the requests that their lines made.
CREATE TABLE imports (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL,
    integration_id INTEGER NOT NULL,
    author TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    undone_at INTEGER
) STRICT;
CREATE INDEX imports_workspace ON imports (workspace_id, id);
CREATE TABLE import_lines (
    import_id INTEGER NOT NULL,
    line INTEGER NOT NULL,
    request_id INTEGER NOT NULL,
    PRIMARY KEY (import_id, line)
) STRICT, WITHOUT ROWID;
CREATE INDEX import_lines_request ON import_lines (request_id);
