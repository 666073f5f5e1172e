"""What can be seen of a running Dormouse from outside: its log and its metrics."""
