"""What Dormouse is: servers, worlds, idleness, guilds. Knows nothing of Discord, HTTP frameworks or schedulers."""
