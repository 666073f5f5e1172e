"""What a browser shows, rendered here."""
