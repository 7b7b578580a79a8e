-- Whether a move in a segment was an event. Whoever was inside when everybody was asked did not enter: only to
-- those is a rule on entering applied afterwards.

alter table segment_moves add column told boolean not null default false;
alter type segment_move_row add attribute told boolean;
