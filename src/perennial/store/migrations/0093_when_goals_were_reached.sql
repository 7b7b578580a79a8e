-- Of each goal of a round, when the latest of what it needed happened: what is heard of late may complete a
-- challenge, which was then reached with that, and not before. Of rounds from before this nothing is known.
alter table challenge_rounds add column latest timestamptz[] not null default '{}';
alter type challenge_round_row add attribute latest timestamptz[];
grant update (latest) on challenge_rounds to perennial_worker;
