"""What the core says, in the other languages: one file each, named after the language's code.

The core speaks English, and some of it is stored as it was said. Each file has the same keys: a whole
sentence, or a pattern with holes such as ``{rule:id}``, which ``core/retelling.py`` reads. The first pattern
that fits is taken.
"""
