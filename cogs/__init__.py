"""What a member sees in Discord."""
