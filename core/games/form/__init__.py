"""The form of a game's file: pydantic models, one part of it a module."""
