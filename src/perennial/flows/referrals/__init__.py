"""Referrals as they are shown: lists, one with its evidence, and its story."""
