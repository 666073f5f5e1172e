"""What stands beside a game. Standard library only: one agent stands beside every game."""
