"""The tables of what runs: settings of functions that moto drops, mapped queues, and builds."""

TABLES = """
CREATE TABLE IF NOT EXISTS function_setting (
    account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (account, region, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS event_source_mapping (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, content TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS build (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, project TEXT NOT NULL,
    number INTEGER NOT NULL, token TEXT NOT NULL, content TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS build_project ON build (account, region, project, number)
"""
