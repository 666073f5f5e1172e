"""The parts of the agent. Standard library only: one agent stands beside every game."""
