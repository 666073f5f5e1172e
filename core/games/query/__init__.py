"""Asking games who plays, as the bot does."""
