"""The reference of the API: the OpenAPI document, its examples, and the pages made of it."""
