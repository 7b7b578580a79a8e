"""Routes for the people of a workspace: signing in, roles, keys, approvals, the audit log, the desk."""
