"""Conditions at work: checked, walked, compiled to Python and to SQL, and said in words."""
