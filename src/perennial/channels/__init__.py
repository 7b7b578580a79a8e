"""One file per channel: how a message reaches somebody outside."""
