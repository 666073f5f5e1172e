"""Players of real games: the game's own client where it has one without a display, else a small one of ours that says
what the game's protocol asks of somebody who joins. The server takes each for a player."""
