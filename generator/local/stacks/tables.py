"""The tables of CloudFormation. A deleted stack stays, found only by its id."""

TABLES = """
CREATE TABLE IF NOT EXISTS cfn_stack (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
    status TEXT NOT NULL, live INTEGER NOT NULL, created REAL NOT NULL, content TEXT NOT NULL) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS cfn_stack_name ON cfn_stack (account, region, name) WHERE live = 1;
CREATE INDEX IF NOT EXISTS cfn_stack_place ON cfn_stack (account, region, created);
CREATE TABLE IF NOT EXISTS cfn_resource (
    stack TEXT NOT NULL, logical_id TEXT NOT NULL, position INTEGER NOT NULL, physical_id TEXT NOT NULL,
    content TEXT NOT NULL, PRIMARY KEY (stack, logical_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS cfn_resource_physical ON cfn_resource (physical_id);
CREATE TABLE IF NOT EXISTS cfn_event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, stack TEXT NOT NULL, content TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS cfn_event_stack ON cfn_event (stack, seq);
CREATE TABLE IF NOT EXISTS cfn_change_set (
    id TEXT PRIMARY KEY, stack TEXT NOT NULL, name TEXT NOT NULL, created REAL NOT NULL,
    content TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS cfn_change_set_stack ON cfn_change_set (stack, name);
CREATE TABLE IF NOT EXISTS cfn_export (
    account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, stack TEXT NOT NULL,
    PRIMARY KEY (account, region, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cfn_set (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
    live INTEGER NOT NULL, content TEXT NOT NULL) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS cfn_set_name ON cfn_set (account, region, name) WHERE live = 1;
CREATE TABLE IF NOT EXISTS cfn_set_instance (
    stack_set TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (stack_set, account, region)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cfn_set_operation (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, stack_set TEXT NOT NULL, content TEXT NOT NULL,
    UNIQUE (stack_set, id));
CREATE TABLE IF NOT EXISTS cfn_import (
    account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, stack TEXT NOT NULL,
    PRIMARY KEY (account, region, name, stack)) WITHOUT ROWID
"""
