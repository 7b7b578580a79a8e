"""Why something happened, or did not: what explanations, changes and limits say."""
