-- What rules gave for the completions of a round that stand, as pairs of a unit and its points: an order that
-- comes back takes that away as well. Of rounds from before this nothing is known.
alter table challenge_rounds add column earned_points bigint[] not null default '{}';
alter type challenge_round_row add attribute earned_points bigint[];
grant update (earned_points) on challenge_rounds to perennial_worker;
