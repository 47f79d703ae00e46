"""Repositories with content: bare git repositories beside the state, reached by git over http and by CodeCommit's API.

They lie in `git/` of the state's folder, outside of its database: an export does not carry them, a reset removes them.
"""
