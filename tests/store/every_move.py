"""The whole log of moves, of both its parts: entering stays with the membership until they leave."""

EVERY_MOVE = """(
    select workspace_id, customer_id, move_id, segment_id, at, entered, told from segment_moves
    union all
    select workspace_id, customer_id, move_id, segment_id, entered_at, true, told
    from segment_members where move_id is not null
) as every_move"""
