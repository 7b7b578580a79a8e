"""The server and its schema: the embedded PostgreSQL, migrations, backup and restore."""
