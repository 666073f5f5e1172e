"""The bot's own memory on the store: copies of its database, how one is put back, and what is done without any."""
