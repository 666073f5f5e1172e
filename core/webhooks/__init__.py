"""Events sent to programs of a guild: signed, in order, at least once."""
