-- Entering a segment is written once: with who is inside, and it goes to the log of moves when they leave. Rows
-- without a move_id are from before, or of a worker from before: their entering is in the log already. Those workers
-- write rows of the old type, which therefore stays until none of them is left.
alter table segment_members add column move_id uuid;
alter table segment_members add column told boolean not null default false;

create type segment_entry_row as (
    customer_id uuid,
    segment_id int,
    entered_at timestamptz,
    move_id uuid,
    told boolean
);
