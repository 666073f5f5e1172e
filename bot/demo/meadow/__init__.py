"""Meadow, the demo's game: a shared meadow in which every visitor is an animal and what they plant is the world."""

VERSION = "1.0"
