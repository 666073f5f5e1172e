"""What Dormouse serves over HTTP. Thin over core; knows no cogs."""
