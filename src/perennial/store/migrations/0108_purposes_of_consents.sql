-- Which purposes customers have said something about is read for the builder of conditions: from one purpose to the
-- next by this index, and never through everybody's consents. Every purpose is a word; that it must be one keeps what
-- looks up a customer's consents from ever being planned by this index.

create index consents_purposes on consents (bucket, workspace_id, purpose) where purpose <> '';
