"""A program becomes a version: everything that its words refer to is looked up once."""
