"""Why a call failed."""
