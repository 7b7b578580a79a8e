"""All SQL of the live path, the schema and its migrations, and the embedded server."""
