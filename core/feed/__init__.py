"""What programs hear of: events in their order, and servers as they are now."""
