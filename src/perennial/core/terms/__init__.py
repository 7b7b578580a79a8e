"""The words of which documents are made: conditions, limits, money, and figures of the past."""
